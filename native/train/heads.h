// The three heads with gradients: objectness and anchor deltas of every place, classes and boxes of RoIs, masks of RoIs.
// Before them: pyramid, model/roi_pooler. After them: model/rpn_loss, box_loss, mask_loss. Ren et al. 2015, He et al. 2017.
#pragma once

#include <ATen/core/Tensor.h>

#include "model/box_head.h"
#include "model/config.h"
#include "model/rpn.h"
#include "train/parameters.h"

namespace mimdet::train {

RpnOutput rpn_head(const Parameters& parameters, const RpnConfig& config, const Pyramid& pyramid);

/// (R, F, bins, bins) -> logits and deltas of each RoI
BoxPredictions box_head(const Parameters& parameters, const RoiConfig& config, const at::Tensor& pooled);

/// (R, F, s, s) -> (R, C, 2s, 2s), a mask of every class; R may be 0
at::Tensor mask_head(const Parameters& parameters, const RoiConfig& config, const at::Tensor& pooled);

}  // namespace mimdet::train
