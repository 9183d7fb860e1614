// What a mask looks like inside a box, on a small grid: the mask head's target. The pixels of the reference, bit for bit.
// Used by model/mask_targets.
#pragma once

#include <cstdint>
#include <vector>

#include "data/training_picture.h"
#include "structures/rle_mask.h"

namespace mimdet {

/// Rings drawn by COCO's rule on a grid of `side` × `side` that covers the box; `out` (side, side), zeros and ones, row by row.
/// box_xyxy in pixels of the picture. A box of less than a tenth of a pixel counts as that.
void crop_polygons(const PolygonMask& rings, const float* box_xyxy, int64_t side, uint8_t* out);

/// ROIAlign (aligned, adaptive) of bitmaps, then >= 0.5. Keeps its buffers between calls; one thread at a time.
class BitmapCropper {
 public:
  /// `out` (side, side), zeros and ones, row by row. Work and memory are bounded by the mask's picture, whatever the box.
  void crop(const RleMask& mask, const float* box_xyxy, int64_t side, uint8_t* out);

 private:
  /// A sample between two neighbouring pixels.
  struct Sample {
    int64_t low, high;
    float low_share, high_share;
  };
  /// The samples of every bin along one axis that lie on the picture.
  struct Axis {
    std::vector<Sample> samples;
    std::vector<int64_t> first;        // (side + 1) of each bin
    int64_t begin = 0, end = 0;        // pixels that are read
    double samples_per_bin = 1;        // on the picture or not

    void set(float start, float end, int64_t length, int64_t side);
    void add(float place, int64_t length);
  };

  void decode(const RleMask& mask);
  float bin_sum(int64_t bin_y, int64_t bin_x) const;

  Axis x_, y_;
  std::vector<uint8_t> pixels_;  // the part that is read, column by column
};

}  // namespace mimdet
