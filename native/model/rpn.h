// Region proposals: a small head over every level of the pyramid scores anchors and moves them; the best survive NMS.
// Before it: fpn. After it: roi_heads (proposals.h does the choosing). Ren et al. 2015; two 3×3 convolutions as in the reference.
#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

#include "model/anchors.h"
#include "model/config.h"
#include "model/fpn.h"
#include "model/layers.h"
#include "model/padded_proposals.h"
#include "model/proposals.h"

namespace mimdet {

class Rpn {
 public:
  Rpn(const WeightSource& weights, const RpnConfig& config, at::Device device);

  std::vector<Proposals> operator()(const Pyramid& pyramid, const std::vector<SizeHw>& sizes) const;
  /// The same in tensors of one size, for a device that nobody waits for.
  PaddedProposals padded(const Pyramid& pyramid, const std::vector<SizeHw>& sizes) const;

  RpnOutput head(const Pyramid& pyramid) const;
  const std::vector<at::Tensor>& anchors(const Pyramid& pyramid) const { return anchors_(pyramid); }
  std::vector<Proposals> select(const RpnOutput& output, const std::vector<at::Tensor>& anchors, const std::vector<SizeHw>& sizes) const {
    return inference_proposals(output, anchors, sizes, config_);
  }

 private:
  RpnConfig config_;
  Anchors anchors_;
  std::vector<PackedConv2d> convs_;
  PackedConv2d objectness_logits_, anchor_deltas_;  // 1×1
};

}  // namespace mimdet
