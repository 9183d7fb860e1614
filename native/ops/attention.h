// Self-attention of a transformer block, between its qkv layer and its projection.
#pragma once

#include <ATen/core/Tensor.h>

namespace mimdet {

/// softmax(q · kᵀ / √d) · v for each head. `qkv` (B, L, 3 · heads · d): q, k, v, in each the heads one after the other. Gives (B, L, heads · d).
/// `log_sums`, where the fast way is taken, becomes (B, heads, L): log2 of each softmax's denominator, for the gradient.
at::Tensor attention(const at::Tensor& qkv, int64_t heads, at::Tensor* log_sums = nullptr);

/// The same by LibTorch alone: for other devices and precisions, and to test against.
at::Tensor attention_composite(const at::Tensor& qkv, int64_t heads);

}  // namespace mimdet
