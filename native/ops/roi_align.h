// ROIAlign v2: crops (R, C, out, out) features for boxes from one pyramid level by averaging bilinear samples.
// Before it: roi_pooler (chooses the level). After it: box_head, mask_head. He et al. 2017, section 3; "aligned" as in
// detectron2.
#pragma once

#include <ATen/core/Tensor.h>

namespace mimdet {

/// features (N, C, H, W); rois (R, 5): picture index in the batch, x1, y1, x2, y2 in pixels of the picture; `spatial_scale` = 1 /
/// stride of the level; result (R, C, output_size, output_size) in the type and memory format of the features (channels-last is
/// the faster one). Every bin averages ceil(roi side / output_size) samples an axis. Samples beyond the map by more than a cell
/// count as 0, and so does a box that is swapped, of no size, or not finite. Work and memory are bounded by the map, whatever the
/// box. Throws Error(kInvalidArgument) for other shapes, or a picture index that is not in the batch (on the CPU).
at::Tensor roi_align(const at::Tensor& features, const at::Tensor& rois, double spatial_scale, int64_t output_size);

}  // namespace mimdet
