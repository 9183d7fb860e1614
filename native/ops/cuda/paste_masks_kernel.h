// Masks pasted straight to run lengths: the places, column by column, where a mask's pixel differs from the one before it. A thread
// a column counts them, a sum over all columns says where each may write, and a second pass writes. No bitmap is ever made.
// The arithmetic is that of ops/mask_paster.cpp, step by step in float32 without fused multiply-add: the same bits.
#pragma once

#include "ops/cuda/portable.h"

namespace mimdet::cuda {

/// Pixels [first, behind) of the picture that a box may cover along one axis.
struct PasteAxis {
  float start, end;
  int64_t first, behind;
};

/// Where a pixel's centre lies: between cells `cell - 1` and `cell`, counted from 0; cells -1 and `cells` are a border of zeros.
/// `cell` is -1 beside the mask.
struct PastePlace {
  int64_t cell;
  float share;  // of the later cell
};

MIMDET_HOST_DEVICE int64_t clamp_to_side(float value, int64_t length) {
  const float most = static_cast<float>(length);
  const int64_t clamped = static_cast<int64_t>(value < 0 ? 0 : value > most ? most : value);
  return clamped < length ? clamped : length;  // `most` may have been rounded up
}

MIMDET_HOST_DEVICE PasteAxis paste_axis(float start, float end, int64_t length) {
  if (!is_finite(start) || !is_finite(end) || !(end > start)) return {start, end, 0, 0};
  return {start, end, clamp_to_side(floor(start) - 1, length), clamp_to_side(ceil(end) + 1, length)};
}

MIMDET_HOST_DEVICE PastePlace paste_place(const PasteAxis& axis, int64_t pixel, int64_t cells) {
  const float across = (static_cast<float>(pixel) + 0.5f - axis.start) / (axis.end - axis.start) * 2.0f - 1.0f;
  const float place = ((across + 1.0f) * static_cast<float>(cells) - 1.0f) / 2.0f;
  const float below = floor(place);
  if (!(below >= -1.0f && below < static_cast<float>(cells))) return {-1, 0.0f};
  return {static_cast<int64_t>(below) + 1, place - below};
}

struct PasteMasks {
  const float* probabilities;  // (M, cells, cells)
  const float* boxes_xyxy;     // (M, 4)
  int64_t cells, height, width;

  /// The probability of `row` (-1 and `cells`: the border) along one column of pixels.
  MIMDET_HOST_DEVICE float blend(const float* mask, int64_t row, const PastePlace& x) const {
    if (row < 0 || row >= cells) return 0.0f;
    const float* line = mask + row * cells;
    const float left = x.cell > 0 ? line[x.cell - 1] : 0.0f, right = x.cell < cells ? line[x.cell] : 0.0f;
    return left * (1.0f - x.share) + right * x.share;
  }

  MIMDET_HOST_DEVICE bool pixel(const float* mask, const PastePlace& x, const PastePlace& y) const {
    if (x.cell < 0 || y.cell < 0) return false;
    const float above = blend(mask, y.cell - 1, x), below = blend(mask, y.cell, x);
    if ((above >= 0.5f) == (below >= 0.5f)) return above >= 0.5f;
    return above * (1.0f - y.share) + below * y.share >= 0.5f;
  }

  MIMDET_HOST_DEVICE bool last_pixel(const float* mask, const PasteAxis& x, const PasteAxis& y, int64_t column) const {
    if (column < x.first || column >= x.behind || y.behind < height || y.first >= height) return false;
    return pixel(mask, paste_place(x, column, cells), paste_place(y, height - 1, cells));
  }

  /// Calls visit(place) for every place of a mask's column that differs from the one before it; `index` counts (M, width).
  template <class Visit>
  MIMDET_HOST_DEVICE void changes(int64_t index, const Visit& visit) const {
    const int64_t column = index % width;
    const float* box = boxes_xyxy + index / width * 4;
    const float* mask = probabilities + index / width * cells * cells;
    const PasteAxis x = paste_axis(box[0], box[2], width), y = paste_axis(box[1], box[3], height);
    bool value = last_pixel(mask, x, y, column - 1);
    const bool covered = column >= x.first && column < x.behind && y.first < y.behind;
    if (value && (!covered || y.first > 0)) visit(column * height), value = false;
    if (!covered) return;
    const PastePlace place = paste_place(x, column, cells);
    for (int64_t row = y.first; row < y.behind; ++row) {
      if (pixel(mask, place, paste_place(y, row, cells)) == value) continue;
      visit(column * height + row);
      value = !value;
    }
    if (value && y.behind < height) visit(column * height + y.behind);
  }
};

struct CountChanges {
  PasteMasks masks;
  int64_t* counts;  // (M, width), one thread each

  MIMDET_HOST_DEVICE void operator()(int64_t index) const {
    int64_t count = 0;
    masks.changes(index, [&count](int64_t) { ++count; });
    counts[index] = count;
  }
};

struct WriteChanges {
  PasteMasks masks;
  const int64_t* counts;  // (M, width), one thread each
  const int64_t* behind;  // (M, width): the running sum of the counts, this column's too
  int64_t* places;        // all changes, mask by mask

  MIMDET_HOST_DEVICE void operator()(int64_t index) const {
    int64_t* out = places + behind[index] - counts[index];
    masks.changes(index, [&out](int64_t place) { *out++ = place; });
  }
};

}  // namespace mimdet::cuda
