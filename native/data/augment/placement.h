// Where the points of a picture have gone: flips, quarter turns, scales and shifts, composed. The pixels go step by step, the
// objects once, at the end, so that a mask is resampled once only. Before it: the augmentations. After it: move_objects.
#pragma once

#include <algorithm>
#include <array>

#include "base/geometry.h"

namespace mimdet {

using BoxXyxy = std::array<double, 4>;

struct Placement {
  double xx = 1, xy = 0, x0 = 0;  // x of now = xx * x + xy * y + x0 of the source, where either xx and yy or xy and yx are 0
  double yx = 0, yy = 1, y0 = 0;
  SizeHw size;      // of the picture now
  BoxXyxy content;  // what of it shows the source; the rest is padding

  /// A picture that has not moved.
  explicit Placement(SizeHw source)
      : size(source), content{0, 0, static_cast<double>(source.width), static_cast<double>(source.height)} {}

  std::array<double, 2> point(double x, double y) const { return {xx * x + xy * y + x0, yx * x + yy * y + y0}; }
  BoxXyxy box(const BoxXyxy& source) const {
    const auto a = point(source[0], source[1]), b = point(source[2], source[3]);
    return {std::min(a[0], b[0]), std::min(a[1], b[1]), std::max(a[0], b[0]), std::max(a[1], b[1])};
  }
  bool transposed() const { return xx == 0; }

  void mirror_x();
  void mirror_y();
  /// x and y change places.
  void transpose();
  void scale(SizeHw to);
  /// Shifts the picture within a new frame, and cuts what lies outside.
  void shift(double dx, double dy, SizeHw frame);
};

/// The part of `box` inside `window`; turned inside out where there is none.
inline BoxXyxy clipped(const BoxXyxy& box, const BoxXyxy& window) {
  return {std::max(box[0], window[0]), std::max(box[1], window[1]), std::min(box[2], window[2]), std::min(box[3], window[3])};
}

/// As in the reference, a side of a hundred-thousandth of a pixel is none. In float32, as the losses see it: there a side that is
/// left in float64 may be 0, whose logarithm is not finite.
inline bool is_empty(const BoxXyxy& box) {
  const auto side = [](double low, double high) { return static_cast<float>(high) - static_cast<float>(low); };
  return !(side(box[0], box[2]) > 1e-5F && side(box[1], box[3]) > 1e-5F);
}

}  // namespace mimdet
