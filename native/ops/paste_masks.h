// Masks of the mask head, stretched over their boxes and cut at 0.5, straight to run lengths: no probability image is ever made.
// Before it: model/postprocess (scales and clips the boxes). After it: the results as callers see them.
#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

#include "base/geometry.h"
#include "structures/rle_mask.h"

namespace mimdet {

/// probabilities (M, S, S) and boxes_xyxy (M, 4), in pixels of the picture, on any device -> M masks of the picture's size: 1
/// where the probability, sampled bilinearly at the pixel's centre (0 outside the S x S cells), is at least 0.5. A box of no
/// area, not finite, or beside the picture gives an empty mask. Throws Error(kInvalidArgument) for other shapes, or a picture
/// that is empty or has more than kMaxMaskPixels.
std::vector<RleMask> paste_masks(const at::Tensor& probabilities, const at::Tensor& boxes_xyxy, SizeHw picture_size);

}  // namespace mimdet
