// What the model finds in one picture, as tensors at the model's input size. After it: model/postprocess, detection.
#pragma once

#include <ATen/core/Tensor.h>

#include "base/geometry.h"

namespace mimdet {

/// Output of roi_heads for one picture, highest score first. All on the model's device, float32 / int64.
struct Instances {
  SizeHw image_size;              // of the resized, unpadded picture that the boxes refer to
  at::Tensor boxes_xyxy;          // (M, 4)
  at::Tensor scores;              // (M)
  at::Tensor classes;             // (M)
  at::Tensor mask_probabilities;  // (M, 2 * mask_pool, 2 * mask_pool), undefined where masks were not asked for
};

}  // namespace mimdet
