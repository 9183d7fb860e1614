// Start of adamw_kernel.h.
#include "ops/cuda/adamw_kernel.h"

#include "ops/cuda/launch.cuh"

namespace mimdet::cuda {

template int launch(const AdamwStep&, int64_t, void*);

}  // namespace mimdet::cuda
