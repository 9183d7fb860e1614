// One picture with what is to be found on it. Made by lib/ from a data set, changed by data/augment, read by train/.
#pragma once

#include <array>
#include <cstdint>
#include <variant>
#include <vector>

#include "structures/image_view.h"
#include "structures/rle_mask.h"

namespace mimdet {

/// Rings x0 y0 x1 y1 … in pixels of the picture; their union is the object, as COCO reads a `segmentation`.
using PolygonMask = std::vector<std::vector<double>>;

/// Nothing where the data set has a box alone: such an object takes no part in the mask loss.
using ObjectMask = std::variant<std::monostate, PolygonMask, RleMask>;

struct TrainingObject {
  std::array<double, 4> box_xyxy{};  // pixels of the picture
  int64_t class_id = 0;              // 0 … classes - 1
  ObjectMask mask;
};

struct TrainingPicture {
  Image image;
  std::vector<TrainingObject> objects;  // no crowds
};

}  // namespace mimdet
