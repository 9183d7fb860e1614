// A mask for each detection, of its own class. Before it: roi_pooler at the detections' boxes. After it: postprocess (pasting).
// He et al. 2017; convolutions with BatchNorm (folded), a 2×2 transposed convolution, a 1×1 predictor.
#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

#include "model/config.h"
#include "model/layers.h"

namespace mimdet {

class MaskHead {
 public:
  MaskHead(const WeightSource& weights, const RoiConfig& config);

  at::Tensor logits(const at::Tensor& pooled) const;  // (M, F, s, s) -> (M, C, 2s, 2s)

  /// (M, 2s, 2s) float32: of each detection's own class; the others are not computed.
  at::Tensor probabilities(const at::Tensor& pooled, const at::Tensor& classes) const;

 private:
  at::Tensor features(const at::Tensor& pooled) const;  // (M, D, 2s, 2s)

  std::vector<PackedConv2d> convs_;
  PackedDeconv2x2 deconv_;
  at::Tensor predictor_weight_, predictor_bias_;  // (C, D, 1, 1), (C)
};

}  // namespace mimdet
