#include "data/augment/canvas.h"

#include <algorithm>
#include <cstring>

#include "image/flip.h"
#include "image/resize.h"

namespace mimdet {
namespace {

constexpr int64_t kTile = 32;  // rows and columns that are transposed at once: both sides stay in the first cache

Image empty_image(SizeHw size) { return {std::vector<uint8_t>(size.height * size.width * 3), size}; }

}  // namespace

void Canvas::flip_horizontal() {
  flip_horizontally(image_);
  placement_.mirror_x();
}

void Canvas::flip_vertical() {
  flip_vertically(image_);
  placement_.mirror_y();
}

void Canvas::transpose() {
  const auto [height, width] = image_.size;
  Image out = empty_image({width, height});
  for (int64_t y0 = 0; y0 < height; y0 += kTile)
    for (int64_t x0 = 0; x0 < width; x0 += kTile)
      for (int64_t y = y0; y < std::min(y0 + kTile, height); ++y)
        for (int64_t x = x0; x < std::min(x0 + kTile, width); ++x)
          std::memcpy(&out.rgb[(x * height + y) * 3], &image_.rgb[(y * width + x) * 3], 3);
  image_ = std::move(out);
  placement_.transpose();
}

void Canvas::turn(int64_t quarters) {
  if (quarters % 2 != 0) {
    transpose();
    return quarters % 4 == 1 ? flip_horizontal() : flip_vertical();
  }
  if (quarters % 4 == 0) return;
  flip_horizontal();
  flip_vertical();
}

void Canvas::resize(SizeHw size) {
  if (size == image_.size) return;
  image_ = resize_bilinear(image_.view(), size);
  placement_.scale(size);
}

void Canvas::crop(int64_t x, int64_t y, SizeHw size) {
  if (size == image_.size) return;
  Image out = empty_image(size);
  for (int64_t row = 0; row < size.height; ++row)
    std::memcpy(&out.rgb[row * size.width * 3], &image_.rgb[((y + row) * image_.size.width + x) * 3], size.width * 3);
  image_ = std::move(out);
  placement_.shift(static_cast<double>(-x), static_cast<double>(-y), size);
}

void Canvas::pad(SizeHw size, uint8_t grey) {
  if (size == image_.size) return;
  Image out{std::vector<uint8_t>(size.height * size.width * 3, grey), size};
  for (int64_t row = 0; row < image_.size.height; ++row)
    std::memcpy(&out.rgb[row * size.width * 3], &image_.rgb[row * image_.size.width * 3], image_.size.width * 3);
  image_ = std::move(out);
  placement_.shift(0, 0, size);
}

}  // namespace mimdet
