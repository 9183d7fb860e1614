// Pastes one mask at a time. Along a column of the picture the probability is linear between two neighbouring cells, so that two
// comparisons settle all the pixels between them unless the threshold is crossed there.
#pragma once

#include <cstdint>
#include <vector>

#include "base/geometry.h"
#include "structures/rle_mask.h"

namespace mimdet {

class MaskPaster {
 public:
  /// For masks of `cells` x `cells` and pictures of `picture` pixels.
  MaskPaster(int64_t cells, SizeHw picture);

  /// probabilities (cells, cells) row by row; box x1, y1, x2, y2 in pixels of the picture.
  RleMask paste(const float* probabilities, const float* box_xyxy);

 private:
  /// Where a pixel's centre lies among the cells: between `cell - 1` and `cell` (counted from 0, so that a border of zeros is
  /// cell 0).
  struct Place {
    int64_t cell;
    float share;  // of the cell above
  };
  /// Pixels [first, behind) of the picture along one axis, with their places.
  struct Axis {
    int64_t first = 0, behind = 0;
    std::vector<Place> places;
  };
  /// Neighbouring pixels of a column that lie between the same two cells.
  struct Stretch {
    int64_t cell, first, behind;  // the pixels counted from the box's first
  };

  void set_axis(Axis& axis, float start, float end, int64_t length) const;
  void set_stretches();
  void transpose_with_border(const float* probabilities);
  void blend_columns(const Place& place);
  void code_column();
  void code_stretch(const Stretch& stretch);
  void append(bool value, int64_t length);

  int64_t cells_, side_;  // side_ = cells_ + 2, with the border
  SizeHw picture_;
  Axis x_, y_;
  std::vector<Stretch> stretches_;
  std::vector<float> columns_;  // (side_, side_) by columns, zeros around
  std::vector<float> column_;   // (side_) the probabilities along one column of pixels
  std::vector<uint32_t> runs_;
};

}  // namespace mimdet
