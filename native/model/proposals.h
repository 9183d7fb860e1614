// From the RPN head's output to proposals: the best anchors of each level are moved, clipped and go through NMS.
// Before it: the RPN head. After it: roi_heads; in training roi_sampler. Ren et al. 2015.
#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

#include "base/geometry.h"
#include "model/config.h"

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

/// Of one level: (N, A, h, w) -> (N, h · w · A), and (N, 4A, h, w) -> (N, h · w · A, 4). Of what is channels-last, a view.
at::Tensor flat_logits(const at::Tensor& objectness_logits);
at::Tensor flat_deltas(const at::Tensor& anchor_deltas);

/// All levels one after the other, within a level y, x, anchor, as the anchors are: (N, all anchors) float32, differentiable.
at::Tensor flat_logits(const RpnOutput& output);
/// (N, all anchors, 4) float32, differentiable.
at::Tensor flat_deltas(const RpnOutput& output);

/// `anchors`: one (h · w · A, 4) a level; `sizes`: of the unpadded pictures. With the limits of inference; what is not finite
/// is left out.
std::vector<Proposals> inference_proposals(const RpnOutput& output, const std::vector<at::Tensor>& anchors,
                                           const std::vector<SizeHw>& sizes, const RpnConfig& config);

/// With the limits of training, and detached. Throws Error(kDiverged) where a logit or box is not finite.
std::vector<Proposals> training_proposals(const RpnOutput& output, const std::vector<at::Tensor>& anchors,
                                          const std::vector<SizeHw>& sizes, const RpnConfig& config);

}  // namespace mimdet
