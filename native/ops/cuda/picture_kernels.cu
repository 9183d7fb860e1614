// Starts of paste_masks_kernel.h and normalise_kernel.h.
#include "ops/cuda/launch.cuh"
#include "ops/cuda/normalise_kernel.h"
#include "ops/cuda/paste_masks_kernel.h"

namespace mimdet::cuda {

template int launch(const CountChanges&, int64_t, void*);
template int launch(const WriteChanges&, int64_t, void*);
template int launch(const NormalisePicture&, int64_t, void*);

}  // namespace mimdet::cuda
