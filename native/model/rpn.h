// Region proposals: a small head over every level of the pyramid scores anchors and moves them; the best survive NMS.
// Before it: fpn. After it: roi_heads. Ren et al. 2015; two 3×3 convolutions as in the reference.
#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

#include "model/anchors.h"
#include "model/config.h"
#include "model/fpn.h"
#include "model/layers.h"

namespace mimdet {

struct RpnOutput {
  std::vector<at::Tensor> objectness_logits;  // a level: (N, A, h, w)
  std::vector<at::Tensor> anchor_deltas;      // a level: (N, 4A, h, w), channel 4a + (dx, dy, dw, dh)
};

/// Of one picture, best first.
struct Proposals {
  at::Tensor boxes_xyxy;         // (R, 4) float32, pixels of the resized picture
  at::Tensor objectness_logits;  // (R) float32
};

class Rpn {
 public:
  Rpn(const WeightSource& weights, const RpnConfig& config, at::Device device);

  std::vector<Proposals> operator()(const Pyramid& pyramid, const std::vector<SizeHw>& sizes) const;

  RpnOutput head(const Pyramid& pyramid) const;
  const std::vector<at::Tensor>& anchors(const Pyramid& pyramid) const { return anchors_(pyramid); }
  std::vector<Proposals> select(const RpnOutput& output, const std::vector<at::Tensor>& anchors, const std::vector<SizeHw>& sizes) const;

 private:
  RpnConfig config_;
  Anchors anchors_;
  std::vector<PackedConv2d> convs_;
  PackedConv2d objectness_logits_, anchor_deltas_;  // 1×1
};

}  // namespace mimdet
