// The box head's two losses. Before it: roi_sampler (what each RoI is), box_head (what was predicted). Girshick 2015, equation 1.
#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

#include "model/box_head.h"
#include "model/roi_sampler.h"

namespace mimdet {

/// Scalars.
struct BoxLosses {
  at::Tensor classification, regression;
};

/// (F, 4) float32: where the foreground of all pictures should go, in the deltas' units.
at::Tensor foreground_deltas(const std::vector<SampledRois>& rois);

/// Mean cross entropy over all RoIs; L1 of the foreground's own class, summed and divided by the number of all RoIs.
/// `predictions`: of all pictures, one after the other. No RoI or no foreground: 0, with a gradient path.
BoxLosses box_losses(const BoxPredictions& predictions, const std::vector<SampledRois>& rois);

}  // namespace mimdet
