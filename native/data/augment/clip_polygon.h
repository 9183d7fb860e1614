// A polygon cut at the edges of a window. Before it: placement. After it: move_objects.
#pragma once

#include <vector>

#include "data/augment/placement.h"

namespace mimdet {

/// The part of a ring x0 y0 x1 y1 … inside the window; empty where none of any area is left. What falls into several pieces stays
/// one ring whose pieces are joined along the window's edge, there and back: filled even-odd or by winding it is the same.
std::vector<double> clip_polygon(const std::vector<double>& ring, const BoxXyxy& window);

/// Smallest box around the points of all rings, of which there is at least one.
BoxXyxy bounds_of(const std::vector<std::vector<double>>& rings);

}  // namespace mimdet
