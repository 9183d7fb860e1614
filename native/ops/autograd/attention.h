// Self-attention with its gradient. Before it: a block's qkv layer; after it: its projection.
#pragma once

#include <ATen/core/Tensor.h>

namespace mimdet::differentiable {

/// softmax(q · kᵀ / √d) · v for each head; shapes as in ops/attention.h. Scores are computed again for the gradient, a block at a
/// time: memory does not grow with the square of the length.
at::Tensor attention(const at::Tensor& qkv, int64_t heads);

}  // namespace mimdet::differentiable
