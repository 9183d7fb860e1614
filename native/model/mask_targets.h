// What a mask should look like inside each RoI. Before it: roi_sampler (mask_rois). After it: mask_loss. Polygons are drawn in
// the frame of the RoI by COCO's rule, bitmaps are pooled as features are.
#pragma once

#include <ATen/core/Tensor.h>

#include "model/roi_sampler.h"
#include "model/targets.h"

namespace mimdet {

/// (M, side, side) bool on the CPU, of one picture; `side` = 2 · mask_pool.
at::Tensor mask_targets(const MaskRois& rois, const Targets& targets, int64_t side);

}  // namespace mimdet
