#include "image/flip.h"

#include <algorithm>

namespace mimdet {

void flip_horizontally(Image& image) {
  const auto [height, width] = image.size;
  for (int64_t y = 0; y < height; ++y) {
    uint8_t* row = image.rgb.data() + y * width * 3;
    for (int64_t left = 0, right = width - 1; left < right; ++left, --right)
      std::swap_ranges(row + left * 3, row + left * 3 + 3, row + right * 3);
  }
}

void flip_vertically(Image& image) {
  const auto [height, width] = image.size;
  uint8_t* rows = image.rgb.data();
  for (int64_t top = 0, bottom = height - 1; top < bottom; ++top, --bottom)
    std::swap_ranges(rows + top * width * 3, rows + (top + 1) * width * 3, rows + bottom * width * 3);
}

}  // namespace mimdet
