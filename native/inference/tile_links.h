// Which detections of overlapping tiles show the same object: compared only where both tiles looked.
// Before it: the results of a tile's ordinary detection. After it: tile_merge, which decides what becomes of them.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "base/cancel.h"
#include "structures/mask_spans.h"

namespace mimdet {

/// Square tiles in rows and columns, each overlapping its neighbours. A tile may reach beyond a picture that is smaller.
struct TileGrid {
  SizeHw picture;
  int64_t tile_size = 0;
  std::vector<int64_t> lefts, tops;  // of the columns and the rows, ascending

  int64_t tiles() const { return static_cast<int64_t>(lefts.size() * tops.size()); }
  /// Of tile number row · columns + column, within the picture.
  PixelRect rect(int64_t tile) const;
  /// Numbers above `tile` of tiles that share pixels with it.
  std::vector<int64_t> later_neighbours(int64_t tile) const;
};

/// What one tile found, moved to where it lies in the picture.
struct PlacedDetection {
  int64_t tile = 0;
  std::array<double, 4> box_xyxy{};
  float score = 0;
  int64_t class_id = 0;
  MaskSpans mask;       // empty where masks were not asked for
  double pixels = 0;    // of the mask, or of the box where there is none
  bool is_cut = false;  // touches an edge of its tile that has picture behind it: there may be more of the object
};

/// Two detections of one class from two tiles, and how far they agree where both tiles looked.
struct TileLink {
  size_t first = 0, second = 0;  // places in the list of detections
  double iou = 0;                // there
  double share_of_first = 0, share_of_second = 0;  // of all its pixels, those that the other has too
};

/// Of masks, or of boxes where one has no mask. `detections` in the order of their tiles.
std::vector<TileLink> link_detections(const TileGrid& grid, const std::vector<PlacedDetection>& detections, const CancelFlag& cancel);

}  // namespace mimdet
