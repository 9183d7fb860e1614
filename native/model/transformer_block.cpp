#include "model/transformer_block.h"

#include <ATen/ops/gelu.h>
#include <ATen/ops/scaled_dot_product_attention.h>

namespace mimdet {

TransformerBlock::TransformerBlock(const WeightSource& weights, const std::string& prefix, int64_t heads, double layer_norm_eps)
    : heads_(heads),
      norm1_(weights, prefix + ".norm1", layer_norm_eps),
      norm2_(weights, prefix + ".norm2", layer_norm_eps),
      qkv_(weights, prefix + ".attn.qkv"),
      projection_(weights, prefix + ".attn.proj"),
      fc1_(weights, prefix + ".mlp.fc1"),
      fc2_(weights, prefix + ".mlp.fc2") {}

at::Tensor TransformerBlock::operator()(const at::Tensor& x) const {
  const at::Tensor y = attention(norm1_(x)).add_(x);
  return mlp(norm2_(y)).add_(y);
}

at::Tensor TransformerBlock::attention(const at::Tensor& x) const {
  const int64_t batch = x.size(0), length = x.size(1), width = x.size(2);
  const auto qkv = qkv_(x).view({batch, length, 3, heads_, width / heads_}).permute({2, 0, 3, 1, 4}).unbind(0);
  const at::Tensor mixed = at::scaled_dot_product_attention(qkv[0], qkv[1], qkv[2]);  // (B, heads, L, C / heads)
  return projection_(mixed.transpose(1, 2).reshape({batch, length, width}));
}

at::Tensor TransformerBlock::mlp(const at::Tensor& x) const {
  at::Tensor hidden = fc1_(x);
  return fc2_(at::gelu_(hidden));
}

}  // namespace mimdet
