// The arithmetic of conv2d.cpp's gradients, float32 on the CPU, all tensors channels-last. 3×3 of stride 1 goes by Winograd's
// transform both ways; 1×1 and 3×3 of stride 2 are matrix products; what is left is LibTorch's for x, and a product with laid out
// patches for the weight.
#pragma once

#include <ATen/core/Tensor.h>

namespace mimdet::differentiable {

/// g (N, out, H', W') -> (N, in, H, W), the sizes of x.
at::Tensor conv2d_input_gradient(const at::Tensor& g, const at::Tensor& x, const at::Tensor& weight, int64_t stride);
/// -> (out, in, k, k).
at::Tensor conv2d_weight_gradient(const at::Tensor& g, const at::Tensor& x, const at::Tensor& weight, int64_t stride);

struct DeconvGradients {
  at::Tensor x, weight;
};

/// g (N, out, 2H, 2W), x (N, in, H, W), weight (in, out, 2, 2).
DeconvGradients deconv2x2_gradients(const at::Tensor& g, const at::Tensor& x, const at::Tensor& weight);

}  // namespace mimdet::differentiable
