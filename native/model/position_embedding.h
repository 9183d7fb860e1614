// Fixed position embeddings: stored for a square training grid, resized bicubically to the grid at hand, kept per grid.
// Added to the stem's tokens before vit_encoder and to the decoder's before its blocks. reference-equal: align_corners false, a = -0.75.
#pragma once

#include <ATen/core/Tensor.h>

#include <list>
#include <utility>

#include "base/geometry.h"
#include "model/weight_source.h"

namespace mimdet {

class PositionEmbedding {
 public:
  /// `name` is stored as (1, 1 + g², C); the first row was a class token's and is not used.
  PositionEmbedding(const WeightSource& weights, const std::string& name);

  /// (1, height * width, C) on the model's device and in its precision.
  at::Tensor operator()(SizeHw grid) const;

 private:
  at::Tensor resized(SizeHw grid) const;

  at::Tensor stored_;  // (1, C, g, g) float32
  at::TensorOptions options_;  // of the model
  mutable std::list<std::pair<SizeHw, at::Tensor>> kept_;  // most recently used first; one compute thread, so no lock
};

}  // namespace mimdet
