// Feature pyramid: lateral 1×1 convolutions, top-down sums, output 3×3 convolutions, and p6 as every second place of p5.
// Before it: mimdet_backbone. After it: rpn and roi_heads. Lin et al. 2017; with BatchNorm, folded at inference.
#pragma once

#include <ATen/core/Tensor.h>

#include <array>
#include <vector>

#include "model/layers.h"
#include "model/mimdet_backbone.h"

namespace mimdet {

/// p2 … p6, (N, F, H / stride, W / stride).
using Pyramid = std::array<at::Tensor, 5>;

class Fpn {
 public:
  explicit Fpn(const WeightSource& weights);
  Pyramid operator()(const BackboneFeatures& features) const;

 private:
  std::vector<PackedConv2d> lateral_, output_;  // of c2 … c5
};

}  // namespace mimdet
