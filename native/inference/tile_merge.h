// From what each tile found to the objects of the whole picture: each once and whole, as if there were no seams.
// Before it: the results of a tile's ordinary detection, tile_links. After it: the addon, as one picture's detections.
#pragma once

#include <vector>

#include "inference/tile_links.h"
#include "structures/detection.h"

namespace mimdet {

struct TileDetection {
  int64_t tile = 0;
  Detection detection;  // in the tile's own pixels
};

struct TileMergeOptions {
  bool masks = true;
  int64_t most = 0;  // at most so many, the best; 0: all
  double nms_threshold = 1;  // the model's, of the box head
};

/// Highest score first, in the picture's pixels.
///
/// 1. Of detections that show the same object whole (at least half of what both tiles saw of it agrees) the best is kept.
/// 2. A piece that was cut at its tile's edge goes where whole ones hold at least half of it.
/// 3. Pieces that are left and agree with each other, or with a whole one, become one object across however many tiles: masks and boxes
///    are united, the score is the highest.
/// 4. Of two boxes of one class with an IoU above `nms_threshold` the better is kept, as in one pass over the whole picture.
///
/// Throws Error(kInvalidArgument) for a grid or tile that is none, Cancelled.
std::vector<Detection> merge_tiles(const TileGrid& grid, const std::vector<TileDetection>& found, const TileMergeOptions& options,
                                   const CancelFlag& cancel);

}  // namespace mimdet
