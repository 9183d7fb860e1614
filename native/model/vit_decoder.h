// The decoder: puts the encoder's tokens back in place, fills the rest from the stem's last feature (there is no mask token),
// and makes a dense map of stride 16 of them. Before it: vit_encoder. After it: fpn (c4, c5). Paper, section 3.1.
#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

#include "base/cancel.h"
#include "model/config.h"
#include "model/patch_sampler.h"
#include "model/position_embedding.h"
#include "model/transformer_block.h"

namespace mimdet {

class VitDecoder {
 public:
  VitDecoder(const WeightSource& weights, const std::string& prefix, const DecoderConfig& config);

  /// All patches in their places (N, L, C): input of the blocks where nothing was left out.
  at::Tensor embed_all(const at::Tensor& encoded, SizeHw grid) const;
  /// Kept patches (N, K, C) and the stem's last feature (N, C, h, w): input of the blocks (N, L, d).
  at::Tensor embed_kept(const at::Tensor& encoded, const at::Tensor& stem_feature, const SampledPatches& sampled) const;
  /// Blocks and norm on (N, L, d), as a map (N, d, h, w).
  at::Tensor operator()(at::Tensor tokens, SizeHw grid, const CancelFlag& cancel = nullptr) const;

  at::Tensor embed(const at::Tensor& encoded) const { return embed_(encoded); }
  at::Tensor project_stem(const at::Tensor& stem_feature) const;
  /// `embedded` (N, K, d) where a patch was kept, `projected` (N, L, d) elsewhere, plus position.
  at::Tensor fill(const at::Tensor& embedded, const at::Tensor& projected, const SampledPatches& sampled, SizeHw grid) const;
  at::Tensor position(SizeHw grid) const { return position_(grid); }
  const std::vector<TransformerBlock>& blocks() const { return blocks_; }
  at::Tensor to_map(const at::Tensor& tokens, SizeHw grid) const;  // norm, then (N, L, d) -> (N, d, h, w)

 private:
  PackedLinear embed_;      // decoder_embed
  PackedLinear stem_proj_;  // conv_feat_proj
  PositionEmbedding position_;
  std::vector<TransformerBlock> blocks_;
  LayerNorm norm_;
};

/// `embedded` (N, K, d) where a patch was kept, `projected` (N, L, d) elsewhere -> (N, L, d), each patch in its place.
at::Tensor fill_patches(const at::Tensor& embedded, const at::Tensor& projected, const SampledPatches& sampled);
/// Tokens (N, L, d) as a map (N, d, h, w), channels last, as they lie.
at::Tensor as_map(const at::Tensor& tokens, SizeHw grid);

}  // namespace mimdet
