#include "model/vit_decoder.h"

#include <ATen/ops/cat.h>

#include "model/vit_encoder.h"

namespace mimdet {

VitDecoder::VitDecoder(const WeightSource& weights, const std::string& prefix, const DecoderConfig& config)
    : embed_(load_linear(weights, prefix + ".decoder_embed")),
      stem_proj_(load_linear(weights, prefix + ".conv_feat_proj")),
      position_(weights, prefix + ".decoder_pos_embed"),
      norm_(weights, prefix + ".decoder_norm", config.layer_norm_eps) {
  for (int64_t i = 0; i < config.depth; ++i)
    blocks_.emplace_back(weights, prefix + ".decoder_blocks." + std::to_string(i), config.heads, config.layer_norm_eps);
}

at::Tensor VitDecoder::embed_all(const at::Tensor& encoded, SizeHw grid) const { return embed_(encoded).add_(position_(grid)); }

at::Tensor VitDecoder::embed_kept(const at::Tensor& encoded, const at::Tensor& stem_feature, const SampledPatches& sampled) const {
  return fill(embed_(encoded), project_stem(stem_feature), sampled, {stem_feature.size(2), stem_feature.size(3)});
}

at::Tensor VitDecoder::project_stem(const at::Tensor& stem_feature) const { return stem_proj_(as_tokens(stem_feature)); }

at::Tensor VitDecoder::fill(const at::Tensor& embedded, const at::Tensor& projected, const SampledPatches& sampled, SizeHw grid) const {
  return fill_patches(embedded, projected, sampled).add_(position_(grid));
}

at::Tensor VitDecoder::operator()(at::Tensor tokens, SizeHw grid, const CancelFlag& cancel) const {
  for (const TransformerBlock& block : blocks_) {
    throw_if_cancelled(cancel);
    tokens = block(tokens);
  }
  return to_map(tokens, grid);
}

at::Tensor VitDecoder::to_map(const at::Tensor& tokens, SizeHw grid) const {
  return as_map(norm_(tokens), grid);
}

at::Tensor fill_patches(const at::Tensor& embedded, const at::Tensor& projected, const SampledPatches& sampled) {
  const at::Tensor left_out = gather_rows(projected, sampled.ids_shuffle.slice(1, embedded.size(1)));
  return gather_rows(at::cat({embedded, left_out}, 1), sampled.ids_restore);
}

at::Tensor as_map(const at::Tensor& tokens, SizeHw grid) {
  return tokens.reshape({tokens.size(0), grid.height, grid.width, tokens.size(2)}).permute({0, 3, 1, 2});
}

}  // namespace mimdet
