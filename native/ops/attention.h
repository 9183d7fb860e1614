// Self-attention of a transformer block, between its qkv layer and its projection.
#pragma once

#include <ATen/core/Tensor.h>

namespace mimdet {

/// softmax(q · kᵀ / √d) · v for each head. `qkv` (B, L, 3 · heads · d): q, k, v, in each the heads one after the other. Gives (B, L, heads · d).
at::Tensor attention(const at::Tensor& qkv, int64_t heads);

/// The same by LibTorch alone: for other devices and precisions, and to test against.
at::Tensor attention_composite(const at::Tensor& qkv, int64_t heads);

}  // namespace mimdet
