// The RPN's two losses over a few hundred sampled anchors of each picture.
// Before it: the RPN head's output (proposals.h: flat_logits, flat_deltas), matcher. Ren et al. 2015, equation 1.
#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

#include "model/config.h"
#include "model/targets.h"
#include "model/training_draws.h"

namespace mimdet {

/// Of one picture, on the CPU: which anchors take part, and where the positive ones should go.
struct RpnTargets {
  at::Tensor positive, negative;  // (P), (Q) int64, places among all anchors
  at::Tensor positive_deltas;     // (P, 4) float32
};

/// Matches, samples and encodes. `anchors_xyxy` (A, 4): all levels one after the other; `picture`: its number in the batch.
RpnTargets rpn_targets(const at::Tensor& anchors_xyxy, const at::Tensor& object_boxes_xyxy, int64_t picture,
                       const RpnConfig& config, TrainingDraws& draws);

/// Scalars.
struct RpnLosses {
  at::Tensor classification, location;
};

/// Cross entropy of the sampled and L1 of the positive ones, each summed and divided by batch_per_image · N.
/// logits (N, A), deltas (N, A, 4), one RpnTargets a picture.
RpnLosses rpn_losses(const at::Tensor& logits, const at::Tensor& deltas, const std::vector<RpnTargets>& targets,
                     const RpnConfig& config);

}  // namespace mimdet
