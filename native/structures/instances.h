// What the model finds in one picture: first as tensors at the model's input size, then as results in the picture's own pixels.
#pragma once

#include <ATen/core/Tensor.h>

#include <array>
#include <vector>

#include "base/geometry.h"
#include "structures/rle_mask.h"

namespace mimdet {

/// Output of roi_heads for one picture, highest score first. All on the model's device, float32 / int64.
struct Instances {
  SizeHw image_size;              // of the resized, unpadded picture that the boxes refer to
  at::Tensor boxes_xyxy;          // (M, 4)
  at::Tensor scores;              // (M)
  at::Tensor classes;             // (M)
  at::Tensor mask_probabilities;  // (M, 2 * mask_pool, 2 * mask_pool), undefined where masks were not asked for
};

struct Detection {
  std::array<float, 4> box_xyxy;  // pixels of the picture
  float score;
  int64_t class_id;
  RleMask mask;  // without runs where masks were not asked for
};

}  // namespace mimdet
