// Boxes from deltas, deltas from boxes, and what is done to boxes afterwards. Used by proposals, box_head and their losses.
// Ren et al. 2015, equation 2.
#pragma once

#include <ATen/core/Tensor.h>

#include "base/geometry.h"

namespace mimdet {

/// deltas (R, 4K) as dx dy dw dh, boxes (R, 4) xyxy, `weights` four divisors -> (R, 4K) xyxy, float32. Growth is clamped at fixed::kMaxSizeDelta.
at::Tensor apply_deltas(const at::Tensor& deltas, const at::Tensor& boxes_xyxy, const double* weights);

/// The deltas that move boxes (R, 4) onto `targets_xyxy` (R, 4): (R, 4), float32. Boxes of no size give what is not finite.
at::Tensor box_deltas(const at::Tensor& boxes_xyxy, const at::Tensor& targets_xyxy, const double* weights);

/// Clips (…, 4) xyxy to the picture.
at::Tensor clip_boxes(const at::Tensor& boxes_xyxy, SizeHw size);

/// (R) bool: which of (R, 4) have positive width and height.
at::Tensor nonempty_boxes(const at::Tensor& boxes_xyxy);

}  // namespace mimdet
