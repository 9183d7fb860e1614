// Shrinks or enlarges a picture to the model's input size, with the very bytes that Pillow's BILINEAR gives.
// Before it: lib/image.ts (decoding). After it: preprocess.
#pragma once

#include "base/geometry.h"
#include "structures/image_view.h"

namespace mimdet {

/// Size at which the shortest edge is `min_size`, or less where the longest would pass `max_size`. Sides are rounded half up; a
/// side that would vanish becomes 1. All in pixels. Throws Error(kInvalidArgument) for a size or limit below 1.
SizeHw shortest_edge_size(SizeHw size, int64_t min_size, int64_t max_size);

/// Bilinear, antialiased when shrinking, as Pillow 13 does it: fixed point with 22 bits, rows first (columns where the height
/// shrinks much more than the width), rounded to 8 bits between the passes; a side that keeps its length is not filtered.
/// Single-threaded. Throws Error(kInvalidArgument) for an empty picture or size.
Image resize_bilinear(ImageView picture, SizeHw size);

}  // namespace mimdet
