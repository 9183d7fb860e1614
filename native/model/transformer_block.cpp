#include "model/transformer_block.h"

#include "ops/attention.h"

namespace mimdet {

TransformerBlock::TransformerBlock(const WeightSource& weights, const std::string& prefix, int64_t heads, double layer_norm_eps)
    : heads_(heads),
      norm1_(weights, prefix + ".norm1", layer_norm_eps),
      norm2_(weights, prefix + ".norm2", layer_norm_eps),
      qkv_(load_linear(weights, prefix + ".attn.qkv")),
      projection_(load_linear(weights, prefix + ".attn.proj")),
      fc1_(load_linear(weights, prefix + ".mlp.fc1", Activation::kGelu)),
      fc2_(load_linear(weights, prefix + ".mlp.fc2")) {}

at::Tensor TransformerBlock::operator()(const at::Tensor& x) const {
  at::Tensor y = x.clone();  // both branches are added where their last layer writes
  projection_.add_to(y, attention(qkv_(norm1_(y)), heads_));
  fc2_.add_to(y, fc1_(norm2_(y)));
  return y;
}

}  // namespace mimdet
