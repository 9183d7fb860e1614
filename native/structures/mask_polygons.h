// A mask as polygons along the edges of its pixels, for drawing and for formats that know no run lengths.
// Before it: rle_mask. After it: addon/results, lib/detections.ts (`toPolygons`).
#pragma once

#include <vector>

#include "structures/rle_mask.h"

namespace mimdet {

/// One closed ring x0 y0 x1 y1 … for each piece of the mask (pixels that share an edge), clockwise as seen, whole numbers, the pixel in
/// column x and row y reaching from x to x + 1 and from y to y + 1. No three points in a row lie on one line.
///
/// A hole is joined to what surrounds it by a vertical slit of no width that the ring runs along twice. So each ring by itself,
/// filled even-odd or by its winding, is its piece exactly, and rle_from_polygons (COCO's rule: the union of rings, which knows no
/// holes) gives the mask back bit for bit. A mask without ones has no ring.
///
/// Throws kInvalidArgument for masks of more than 2^25 runs when cut at the columns.
std::vector<std::vector<double>> mask_to_polygons(const RleMask& mask);

}  // namespace mimdet
