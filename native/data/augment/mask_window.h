// The rectangle of a mask that holds its ones, as a bitmap: what augmentations work on, for an object is small and its picture is
// not. Before it: structures/rle_mask. After it: move_objects, copy_paste.
#pragma once

#include <cstdint>
#include <vector>

#include "data/augment/placement.h"
#include "structures/rle_mask.h"

namespace mimdet {

struct MaskWindow {
  int64_t left = 0, top = 0, width = 0, height = 0;  // in the mask's frame; all 0 where there are no ones
  std::vector<uint8_t> rows;                         // (height, width) of 0 and 1

  bool empty() const { return width == 0; }
  uint8_t& at(int64_t x, int64_t y) { return rows[(y - top) * width + x - left]; }  // x, y in the mask's frame
  int64_t area() const;
};

MaskWindow window_of(const RleMask& mask);
/// The window must lie within the frame.
RleMask rle_of(const MaskWindow& window, SizeHw frame);
/// Cuts off rows and columns at the border that are empty.
MaskWindow trimmed(const MaskWindow& window);

/// The mask after its picture has moved: a pixel is set where half of it is covered. Where that leaves nothing of a thing too
/// small, the pixels whose middle is covered.
MaskWindow moved(const MaskWindow& window, const Placement& placement);

}  // namespace mimdet
