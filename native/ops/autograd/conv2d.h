// Convolutions with their gradients, for the same kernels as in ops/conv2d.h. Before and after them: stem, pyramid, heads of a
// training step.
#pragma once

#include <ATen/core/Tensor.h>

#include "ops/activation.h"

namespace mimdet::differentiable {

/// act(conv(x) + b): x (N, in, H, W), weight (out, in, k, k) with k odd, padded by k / 2; bias (out) or undefined; activation
/// none or ReLU. On the fast way what comes out is channels-last, and so are the gradients of x.
at::Tensor conv2d(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias, int64_t stride = 1,
                  Activation activation = Activation::kNone);

/// The 2×2 transposed convolution of stride 2: x (N, in, H, W), weight (in, out, 2, 2), bias (out) or undefined -> (N, out, 2H,
/// 2W).
at::Tensor deconv2x2(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias,
                     Activation activation = Activation::kNone);

}  // namespace mimdet::differentiable
