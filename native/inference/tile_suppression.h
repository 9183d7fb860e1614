// The last station of tile_merge: what suppression within one pass over the whole picture would have left out.
#pragma once

#include <vector>

#include "inference/tile_links.h"

namespace mimdet {

/// Of two objects of one class whose boxes have an IoU above `threshold`, the earlier one in `best_first` stays (greedily, as NMS does;
/// `threshold` 1 or more: all stay). Compares only boxes that meet along the picture's longer side. Throws Cancelled.
std::vector<PlacedDetection> suppress_boxes(std::vector<PlacedDetection> best_first, double threshold, SizeHw picture, const CancelFlag& cancel);

}  // namespace mimdet
