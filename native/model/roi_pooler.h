// Crops features for boxes from the level of the pyramid that fits their size.
// Before it: rpn (boxes), fpn (features). After it: box_head, mask_head. Lin et al. 2017, equation 1; ROIAlign v2.
#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

#include "model/fpn.h"

namespace mimdet {

/// Boxes of each picture (R_n, 4) -> (sum R_n, F, bins, bins), picture after picture.
at::Tensor pool_rois(const Pyramid& pyramid, const std::vector<at::Tensor>& boxes_xyxy, int64_t bins);

/// (R) int64 in 2 … 5: floor(4 + log2(sqrt(area) / 224 + 1e-8)), clamped.
at::Tensor roi_levels(const at::Tensor& boxes_xyxy);

}  // namespace mimdet
