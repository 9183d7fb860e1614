// Starts of roi_align_kernel.h.
#include "ops/cuda/roi_align_kernel.h"

#include "ops/cuda/launch.cuh"

namespace mimdet::cuda {

template int launch(const RoiAlign<float, float>&, int64_t, void*);
template int launch(const RoiAlign<double, double>&, int64_t, void*);
template int launch(const RoiAlign<Bfloat16, float>&, int64_t, void*);
template int launch(const RoiAlignLevels<float, float>&, int64_t, void*);
template int launch(const RoiAlignLevels<double, double>&, int64_t, void*);
template int launch(const RoiAlignLevels<Bfloat16, float>&, int64_t, void*);
template int launch(const RoiAlignBackward<float>&, int64_t, void*);
template int launch(const RoiAlignBackward<double>&, int64_t, void*);

}  // namespace mimdet::cuda
