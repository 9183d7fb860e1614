// A mask as vertical spans of pixels: small for a small object in a huge picture, and quick to move, compare and unite.
// Before it: rle_mask of a tile. After it: inference/tile_merge, rle_mask of the whole picture.
#pragma once

#include <cstdint>
#include <vector>

#include "structures/rle_mask.h"

namespace mimdet {

/// Pixels of column x from row `top` up to, not including, row `bottom`.
struct Span {
  int32_t x, top, bottom;
  bool operator==(const Span&) const = default;
};

/// By x, then top; no two touch.
using MaskSpans = std::vector<Span>;

/// From left and top up to, not including, right and bottom.
struct PixelRect {
  int64_t left = 0, top = 0, right = 0, bottom = 0;
  bool empty() const { return left >= right || top >= bottom; }
  bool operator==(const PixelRect&) const = default;
};
PixelRect shared_rect(const PixelRect& a, const PixelRect& b);

/// A mask whose upper left corner lies at (left, top) of a picture of that size; what is beside the picture is cut off.
MaskSpans spans_from_rle(const RleMask& mask, int64_t left, int64_t top, SizeHw picture);
/// Throws kInvalidArgument for a picture of more than kMaxMaskPixels.
RleMask rle_from_spans(const MaskSpans& spans, SizeHw picture);

/// Pixels within the rectangle.
int64_t span_area(const MaskSpans& spans, const PixelRect& within);
int64_t shared_span_area(const MaskSpans& a, const MaskSpans& b, const PixelRect& within);
MaskSpans unite_spans(const MaskSpans& a, const MaskSpans& b);

}  // namespace mimdet
