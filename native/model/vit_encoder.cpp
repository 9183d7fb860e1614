#include "model/vit_encoder.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/gather.h>

namespace mimdet {

VitEncoder::VitEncoder(const WeightSource& weights, const std::string& prefix, const EncoderConfig& config)
    : position_(weights, prefix + ".pos_embed"), norm_(weights, prefix + ".norm", config.layer_norm_eps) {
  for (int64_t i = 0; i < config.depth; ++i)
    blocks_.emplace_back(weights, prefix + ".blocks." + std::to_string(i), config.heads, config.layer_norm_eps);
}

at::Tensor VitEncoder::operator()(at::Tensor tokens, const CancelFlag& cancel) const {
  for (const TransformerBlock& block : blocks_) {
    throw_if_cancelled(cancel);
    tokens = block(tokens);
  }
  return norm_(tokens);
}

at::Tensor VitEncoder::embed(const at::Tensor& feature) const {
  return (as_tokens(feature) + position_({feature.size(2), feature.size(3)})).contiguous();  // of a map that is not channels-last they lie transposed
}

at::Tensor as_tokens(const at::Tensor& feature) { return feature.flatten(2).transpose(1, 2); }

at::Tensor gather_rows(const at::Tensor& rows, const at::Tensor& ids) {
  return at::gather(rows, 1, ids.unsqueeze(-1).expand({ids.size(0), ids.size(1), rows.size(2)}));
}

}  // namespace mimdet
