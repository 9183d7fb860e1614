// What the model should have found on one picture, in the frame of the resized picture. Made by train/batch; read by rpn_loss, roi sampling,
// box_loss and mask_targets.
#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

#include "data/training_picture.h"

namespace mimdet {

struct Targets {
  at::Tensor boxes_xyxy;          // (G, 4) float32
  at::Tensor classes;             // (G) int64
  std::vector<ObjectMask> masks;  // G; bitmaps are as large as the unpadded picture
};

}  // namespace mimdet
