// A mask as COCO run lengths: column by column, alternating runs of zeros and ones, starting with zeros (perhaps 0 of them).
#pragma once

#include <cstdint>
#include <vector>

namespace mimdet {

struct RleMask {
  int64_t height = 0, width = 0;  // of the picture, pixels
  std::vector<uint32_t> runs;     // sum to height * width
};

}  // namespace mimdet
