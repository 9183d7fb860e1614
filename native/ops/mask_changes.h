// A mask from the places where it changes, as ops/cuda/paste_masks_kernel.h lists them.
#pragma once

#include <cstdint>
#include <span>

#include "structures/rle_mask.h"

namespace mimdet {

/// `places`, rising, counted column by column: pixels that differ from the one before them (before the first there is a zero).
RleMask mask_from_changes(SizeHw size, std::span<const int64_t> places);

}  // namespace mimdet
