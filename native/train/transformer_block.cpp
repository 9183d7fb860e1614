#include "train/transformer_block.h"

#include "train/layers.h"

namespace mimdet::train {
namespace {

at::Tensor with_branch(const at::Tensor& x, const at::Tensor& branch, const at::Tensor& scale) {
  return x + (scale.defined() ? branch * scale : branch);
}

}  // namespace

at::Tensor transformer_block(const Parameters& parameters, const std::string& prefix, const at::Tensor& x, int64_t heads, double layer_norm_eps,
                             const BranchScales& scales) {
  const at::Tensor qkv = linear(parameters, prefix + ".attn.qkv", layer_norm(parameters, prefix + ".norm1", x, layer_norm_eps));
  const at::Tensor mixed = linear(parameters, prefix + ".attn.proj", attention(qkv, heads));
  const at::Tensor y = with_branch(x, mixed, scales.attention);
  const at::Tensor hidden =
      linear(parameters, prefix + ".mlp.fc1", layer_norm(parameters, prefix + ".norm2", y, layer_norm_eps), Activation::kGelu);
  return with_branch(y, linear(parameters, prefix + ".mlp.fc2", hidden), scales.mlp);
}

}  // namespace mimdet::train
