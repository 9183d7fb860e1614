// A mask as COCO run lengths: column by column, alternating runs of zeros and ones, starting with zeros (perhaps 0 of them).
// Made by ops/paste_masks from the model's output and by eval/ from COCO documents; read by addon/results and eval/.
// Everything here gives the numbers of pycocotools' `mask` module, bit for bit, and refuses what pycocotools would misread.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/geometry.h"

namespace mimdet {

struct RleMask {
  int64_t height = 0, width = 0;  // of the picture, pixels
  std::vector<uint32_t> runs;     // sum to height * width
  SizeHw size() const { return {height, width}; }
  bool operator==(const RleMask&) const = default;
};

/// x, y of the top left corner, width, height; pixels.
using BoxXywh = std::array<double, 4>;

/// The most pixels that a mask's picture may have; larger ones are refused, so that a run fits 32 bits, as it must in pycocotools.
inline constexpr int64_t kMaxMaskPixels = (int64_t{1} << 32) - 1;

/// Throws kInvalidArgument unless both sides are at least 1 and their product is at most kMaxMaskPixels.
void check_mask_size(SizeHw size);

// ---- run lengths and COCO's compressed string (rle_mask.cpp, rle_string.cpp)

/// Uncompressed run lengths, kept as they are (runs of 0 too). Throws kInvalidArgument unless they fill the picture exactly.
RleMask rle_from_runs(SizeHw size, std::span<const int64_t> runs);
RleMask rle_from_runs(SizeHw size, std::vector<uint32_t> runs);

/// COCO's compressed `counts`. Throws kInvalidArgument for foreign characters, a cut group, a negative run, a sum that is not the picture.
RleMask rle_from_string(SizeHw size, std::string_view counts);
std::string rle_to_string(const RleMask& mask);

// ---- bitmaps (rle_mask.cpp): one byte a pixel; any byte but 0 counts as one, results hold zeros and ones

RleMask rle_from_bitmap(const uint8_t* rows, SizeHw size);            // (height, width), row by row
RleMask rle_from_column_bitmap(const uint8_t* columns, SizeHw size);  // (width, height), column by column
std::vector<uint8_t> rle_to_bitmap(const RleMask& mask);              // (height, width), row by row

// ---- measures (rle_mask.cpp)

/// Number of ones.
int64_t rle_area(const RleMask& mask);

/// Smallest box that holds all ones; 0 0 0 0 where there are none.
BoxXywh rle_bounding_box(const RleMask& mask);

// ---- several masks (rle_overlap.cpp)

/// Union or intersection of masks of one size; no mask at all is refused with kInvalidArgument, and so are two sizes.
RleMask rle_union(std::span<const RleMask> masks);
RleMask rle_intersection(std::span<const RleMask> masks);

/// Intersection over union, or over the detection's own area where the ground truth is a crowd. 0 where nothing is shared, -1 for two sizes.
double rle_iou(const RleMask& detection, const RleMask& ground_truth, bool crowd);

/// The same of boxes, in the very order of operations of pycocotools, so that the last bit agrees.
double box_iou(const BoxXywh& detection, const BoxXywh& ground_truth, bool crowd);

// ---- from shapes (rle_polygon.cpp)

/// One ring x0 y0 x1 y1 … in pixels, rasterised by COCO's rule: the outline on a grid of fifths of a pixel, even-odd filled per column.
/// Parts outside the picture are cut off. Throws kInvalidArgument for an odd or zero number of coordinates, and for coordinates beyond ±2e8.
RleMask rle_from_polygon(SizeHw size, std::span<const double> ring);

/// The union of several rings, as COCO reads a `segmentation`.
RleMask rle_from_polygons(SizeHw size, std::span<const std::vector<double>> rings);

RleMask rle_from_box(SizeHw size, const BoxXywh& box);

}  // namespace mimdet
