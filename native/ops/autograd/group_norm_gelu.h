// GroupNorm with one group, then GELU, with its gradients. Before it: a stage's convolution of the stem.
#pragma once

#include <ATen/core/Tensor.h>

namespace mimdet::differentiable {

/// x (N, C, H, W), scale and shift (C); shapes and statistics as in ops/group_norm_gelu.h. x is not changed.
at::Tensor group_norm_gelu(const at::Tensor& x, const at::Tensor& scale, const at::Tensor& shift, double eps);

}  // namespace mimdet::differentiable
