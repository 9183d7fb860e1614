// Which object each anchor or proposal stands for, and whether it counts as one, as background, or as neither.
// Used by rpn_loss (anchors) and roi_sampler (proposals). Ren et al. 2015, section 3.1.2; rules of the reference.
// Labels are made on the CPU, whatever device the boxes are on.
#pragma once

#include <ATen/core/Tensor.h>

namespace mimdet {

struct Matches {
  at::Tensor objects;  // (B) int64: the object of best IoU, the first of equals; 0 where the picture has none
  at::Tensor labels;   // (B) int64: 1 the box shows that object, 0 background, -1 neither (takes no part)
};

/// (G, 4), (B, 4) xyxy float32 -> (G, B) IoU; 0 where nothing is shared.
at::Tensor pairwise_iou(const at::Tensor& a_xyxy, const at::Tensor& b_xyxy);

/// IoU >= 0.7 is 1, < 0.3 is 0, between them -1; the best anchors of every object are 1 too, and keep their own best object.
/// objects (G, 4), anchors (A, 4), float32 of one device. G may be 0: all background. Memory is bounded, whatever G · A is.
Matches match_anchors(const at::Tensor& objects_xyxy, const at::Tensor& anchors_xyxy);

/// IoU >= 0.5 is 1, everything else 0.
Matches match_proposals(const at::Tensor& objects_xyxy, const at::Tensor& proposals_xyxy);

}  // namespace mimdet
