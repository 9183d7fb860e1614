// What the gradients of dense and of sparse convolutions share: the product of gradients with laid out patches.
// Under it: ops/cpu. Used by conv2d_gradients, sparse_conv2d.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <functional>

namespace mimdet::differentiable {

/// Pixels that are laid out and multiplied before the next.
inline constexpr int64_t kRowsATask = 96;

/// Where the kernel's first row and column stand in x.
struct Corner {
  int64_t picture, y, x;
};

/// rowsᵀ · patches of x, a block of pixels at a time: `rows` (count, out) are gradients, row i of the pixel whose patch stands at
/// corner(i). x is channels-last -> (out, in, kernel, kernel). The same bits for one number of threads.
at::Tensor patch_weight_gradient(const float* rows, int64_t count, int64_t out, const at::Tensor& x, int64_t kernel,
                                 const std::function<Corner(int64_t)>& corner);

}  // namespace mimdet::differentiable
