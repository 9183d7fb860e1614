// One pre-norm transformer block: x + attention(norm(x)), then x + mlp(norm(x)). The encoder and the decoder are stacks of it.
// As in timm 0.4.12: one qkv projection with bias (order q, k, v; heads inside), exact GELU.
#pragma once

#include <ATen/core/Tensor.h>

#include "model/layers.h"

namespace mimdet {

class TransformerBlock {
 public:
  TransformerBlock(const WeightSource& weights, const std::string& prefix, int64_t heads, double layer_norm_eps);

  at::Tensor operator()(const at::Tensor& x) const;  // (B, L, C) -> (B, L, C)

 private:
  int64_t heads_;
  LayerNorm norm1_, norm2_;
  PackedLinear qkv_, projection_, fc1_, fc2_;
};

}  // namespace mimdet
