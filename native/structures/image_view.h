// 8-bit RGB pixels, row by row, owned by somebody else. What lib/image.ts decodes and image/resize shrinks.
#pragma once

#include <cstdint>
#include <vector>

#include "base/geometry.h"

namespace mimdet {

struct ImageView {
  const uint8_t* rgb = nullptr;  // (height, width, 3)
  SizeHw size;
};

/// The same, owned.
struct Image {
  std::vector<uint8_t> rgb;
  SizeHw size;
  ImageView view() const { return {rgb.data(), size}; }
};

}  // namespace mimdet
