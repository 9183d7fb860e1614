// Pictures of one padded shape, as the model takes them. Made by image/preprocess.
#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

#include "base/geometry.h"

namespace mimdet {

struct ImageBatch {
  at::Tensor pixels;          // (N, 3, H, W) float32, normalised, then padded with zeros at the right and the bottom
  std::vector<SizeHw> sizes;  // of each picture before padding

  SizeHw padded_size() const { return {pixels.size(2), pixels.size(3)}; }
};

}  // namespace mimdet
