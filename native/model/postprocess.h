// From the model's input size to the picture's own pixels: boxes scaled and clipped, masks pasted and run-length coded.
// Before it: mask_rcnn. After it: the results as callers see them.
#pragma once

#include <vector>

#include "structures/detection.h"
#include "structures/instances.h"

namespace mimdet {

/// Boxes are scaled by output / input size per axis, clipped, empty ones dropped; masks are `probability >= 0.5` at the picture's
/// pixels.
std::vector<Detection> postprocess(const Instances& instances, SizeHw picture_size);

}  // namespace mimdet
