// A picture being augmented: its pixels, and where the points of the source lie by now. Before it: augment. After it:
// move_objects.
#pragma once

#include <cstdint>
#include <utility>

#include "data/augment/placement.h"
#include "structures/image_view.h"

namespace mimdet {

class Canvas {
 public:
  explicit Canvas(Image image) : image_(std::move(image)), placement_(image_.size) {}

  SizeHw size() const { return image_.size; }
  const Image& image() const { return image_; }
  const Placement& placement() const { return placement_; }
  Image& pixels() { return image_; }  // for changes of colour
  Image take() && { return std::move(image_); }

  void flip_horizontal();
  void flip_vertical();
  /// Clockwise by `quarters` times 90 degrees.
  void turn(int64_t quarters);
  void resize(SizeHw size);
  /// The part with the top left pixel (x, y), which must lie within the picture.
  void crop(int64_t x, int64_t y, SizeHw size);
  /// Adds pixels of one grey at the right and below.
  void pad(SizeHw size, uint8_t grey);

 private:
  void transpose();

  Image image_;
  Placement placement_;
};

}  // namespace mimdet
