// The encoder: plain ViT blocks over the patches that were kept, then a norm. Paper, section 3.1.
// Before it: conv_stem, patch_sampler. After it: vit_decoder.
#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

#include "base/cancel.h"
#include "model/config.h"
#include "model/position_embedding.h"
#include "model/transformer_block.h"

namespace mimdet {

class VitEncoder {
 public:
  VitEncoder(const WeightSource& weights, const std::string& prefix, const EncoderConfig& config);

  /// Tokens (N, K, C) with their positions added -> (N, K, C).
  at::Tensor operator()(at::Tensor tokens, const CancelFlag& cancel = nullptr) const;

  /// The stem's last feature (N, C, h, w) as tokens (N, L, C) with their positions.
  at::Tensor embed(const at::Tensor& feature) const;
  at::Tensor position(SizeHw grid) const { return position_(grid); }

  const std::vector<TransformerBlock>& blocks() const { return blocks_; }
  const LayerNorm& norm() const { return norm_; }

 private:
  PositionEmbedding position_;
  std::vector<TransformerBlock> blocks_;
  LayerNorm norm_;
};

/// (N, C, h, w) -> (N, h * w, C)
at::Tensor as_tokens(const at::Tensor& feature);
/// Rows `ids` (N, K) of (N, L, C) -> (N, K, C).
at::Tensor gather_rows(const at::Tensor& rows, const at::Tensor& ids);

}  // namespace mimdet
