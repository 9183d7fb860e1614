// The backbone with gradients: conv stem -> sampled encoder -> decoder -> c2 … c5.
// Before it: image/preprocess. After it: pyramid. Paper, figure 2; drop path as in timm 0.4.12.
#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

#include "model/config.h"
#include "model/mimdet_backbone.h"
#include "model/position_embedding.h"
#include "model/training_draws.h"
#include "structures/image_batch.h"
#include "train/parameters.h"

namespace mimdet::train {

class Backbone {
 public:
  /// `parameters` must outlive it.
  Backbone(const ModelConfig& config, const Parameters& parameters, bool checkpointing);

  /// Keeps int(L * ratio) of the patches by draws.patch_noise; at ratio 1 nothing is drawn.
  BackboneFeatures operator()(const ImageBatch& images, TrainingDraws& draws, double ratio) const;

  StemFeatures stem(const at::Tensor& pixels) const;  // (N, 3, H, W)
  /// Tokens (N, K, C) with their positions -> (N, K, C)
  at::Tensor encode(at::Tensor tokens, TrainingDraws& draws) const;
  /// Tokens (N, L, d) with their positions, as a map (N, d, h, w)
  at::Tensor decode(at::Tensor tokens, SizeHw grid) const;

 private:
  at::Tensor sampled(const at::Tensor& feature, const ImageBatch& images, TrainingDraws& draws, double ratio) const;
  at::Tensor dense(const at::Tensor& feature, TrainingDraws& draws) const;

  ModelConfig config_;
  const Parameters& parameters_;
  bool checkpointing_;
  PositionEmbedding encoder_position_, decoder_position_;
};

}  // namespace mimdet::train
