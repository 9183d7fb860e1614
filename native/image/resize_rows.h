// The two inner loops of a resize, on 8-bit RGB rows. resize.cpp calls them row by row.
// The plain form says what is computed; resize_rows_avx2.cpp says the same for processors that have AVX2.
#pragma once

#include <cstdint>

#include "image/resize_weights.h"

namespace mimdet {

/// Bytes behind a row's last pixel that `filter_row` may read (and multiply by 0): up to three taps beyond, loaded four at a time
/// as 16 bytes.
inline constexpr int64_t kRowSlack = 16;

struct RowKernels {
  /// One output row (out, 3) from one input row: every output pixel is a weighted sum of its neighbours in the row.
  void (*filter_row)(const uint8_t* in, const AxisWeights& axis, uint8_t* out);
  /// `bytes` bytes of the output row `y`, each the weighted sum of the bytes at its place in `axis.count[y]` rows.
  void (*blend_rows)(const uint8_t* const* rows, const AxisWeights& axis, int64_t y, int64_t bytes, uint8_t* out);
};

/// The fastest that this processor runs; all give the same bytes.
const RowKernels& row_kernels();
const RowKernels& plain_row_kernels();

}  // namespace mimdet
