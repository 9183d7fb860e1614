// Gradients of a convolution whose output matters at a few pixels alone, as the RPN head's does, of which a few hundred places take part in a loss.
// Used by conv2d.cpp. Besides the work that is saved, what is zero stays exactly zero, which a transform's rounding would not keep: AdamW moves a
// parameter by its gradient's sign, however small it is.
#pragma once

#include <ATen/core/Tensor.h>

#include <optional>
#include <vector>

namespace mimdet::differentiable {

/// The pixels of g (N, C, H, W), channels-last, numbered through all pictures, that are not zero in all channels; nothing where they are more
/// than a quarter.
std::optional<std::vector<int64_t>> sparse_pixels(const at::Tensor& g);

/// As in conv2d_gradients.h for stride 1, float32 on the CPU, channels-last.
at::Tensor sparse_input_gradient(const at::Tensor& g, const std::vector<int64_t>& pixels, const at::Tensor& x, const at::Tensor& weight);
at::Tensor sparse_weight_gradient(const at::Tensor& g, const std::vector<int64_t>& pixels, const at::Tensor& x, const at::Tensor& weight);

}  // namespace mimdet::differentiable
