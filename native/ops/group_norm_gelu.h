// GroupNorm with one group, followed by GELU: the end of each stage of the stem, in one pass over memory more than the statistics need.
#pragma once

#include <ATen/core/Tensor.h>

namespace mimdet {

/// `x` (N, C, H, W), `scale` and `shift` (C). The statistics of a picture are over all its channels and pixels, padding too.
/// On the fast way the result is channels-last, and an x that is so already is overwritten and returned.
at::Tensor group_norm_gelu(const at::Tensor& x, const at::Tensor& scale, const at::Tensor& shift, double eps);

at::Tensor group_norm_gelu_composite(const at::Tensor& x, const at::Tensor& scale, const at::Tensor& shift, double eps);

/// The composite's form for a GPU, where LibTorch has one block of threads for all numbers of a group: sums over all blocks. Half types are summed
/// in float32.
at::Tensor group_norm_gelu_by_sums(const at::Tensor& x, const at::Tensor& scale, const at::Tensor& shift, double eps);

}  // namespace mimdet
