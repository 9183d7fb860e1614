// One object as callers get it. Made by model/postprocess, brought together over tiles by inference/tile_merge.
#pragma once

#include <array>
#include <cstdint>

#include "structures/rle_mask.h"

namespace mimdet {

struct Detection {
  std::array<float, 4> box_xyxy;  // pixels of the picture
  float score;
  int64_t class_id;
  RleMask mask;  // without runs where masks were not asked for
};

}  // namespace mimdet
