// The convolutional stem that replaces patchify: four halvings, of which stages 1 and 2 are also the fine levels of the pyramid.
// Before it: image/preprocess. After it: patch_sampler and vit_encoder (last stage), fpn (c2, c3). Paper, section 3.2; Xiao et al. 2021.
#pragma once

#include <ATen/core/Tensor.h>

#include <array>
#include <optional>
#include <vector>

#include "model/layers.h"

namespace mimdet {

/// Outputs of the four stages, strides 2, 4, 8, 16: (N, C/8, H/2, W/2) … (N, C, H/16, W/16).
using StemFeatures = std::array<at::Tensor, 4>;

class ConvStem {
 public:
  ConvStem(const WeightSource& weights, const std::string& prefix);

  StemFeatures operator()(const at::Tensor& pixels) const;  // (N, 3, H, W), H and W multiples of 16
  at::Tensor stage(size_t index, const at::Tensor& x) const;

 private:
  struct Stage {
    PackedConv2d conv;        // 3×3, stride 2, no bias
    at::Tensor scale, shift;  // of the GroupNorm, (C)
  };
  std::vector<Stage> stages_;
  PackedConv2d projection_;  // 1×1 after the last stage
};

}  // namespace mimdet
