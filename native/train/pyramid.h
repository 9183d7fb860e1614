// The feature pyramid with gradients: lateral 1×1 and output 3×3 convolutions with BatchNorm, top-down sums, p6 from p5.
// Before it: backbone. After it: heads (RPN), model/roi_pooler. Lin et al. 2017.
#pragma once

#include "model/fpn.h"
#include "train/parameters.h"

namespace mimdet::train {

/// Moves the running statistics of its BatchNorms.
Pyramid pyramid(const Parameters& parameters, const BackboneFeatures& features);

}  // namespace mimdet::train
