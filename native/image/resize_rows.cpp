#include "image/resize_rows.h"

#include "image/resize_rows_avx2.h"

namespace mimdet {
namespace {

// The weights of an output pixel are positive and sum to 1 but for rounding, so a sum passes 255 by less than one.
uint8_t to_byte(int32_t sum) {
  const int32_t value = sum >> kWeightBits;
  return static_cast<uint8_t>(value > 255 ? 255 : value);
}

constexpr int32_t kHalf = 1 << (kWeightBits - 1);

void filter_row(const uint8_t* in, const AxisWeights& axis, uint8_t* out) {
  const auto length = static_cast<int64_t>(axis.first.size());
  for (int64_t x = 0; x < length; ++x, out += 3) {
    const uint8_t* pixel = in + axis.first[x] * 3;
    const int32_t* weights = axis.of(x);
    int32_t red = kHalf, green = kHalf, blue = kHalf;
    for (int64_t k = 0; k < axis.count[x]; ++k, pixel += 3) {
      red += pixel[0] * weights[k];
      green += pixel[1] * weights[k];
      blue += pixel[2] * weights[k];
    }
    out[0] = to_byte(red);
    out[1] = to_byte(green);
    out[2] = to_byte(blue);
  }
}

void blend_rows(const uint8_t* const* rows, const AxisWeights& axis, int64_t y, int64_t bytes, uint8_t* out) {
  const int32_t* weights = axis.of(y);
  const int64_t count = axis.count[y];
  for (int64_t i = 0; i < bytes; ++i) {
    int32_t sum = kHalf;
    for (int64_t k = 0; k < count; ++k) sum += rows[k][i] * weights[k];
    out[i] = to_byte(sum);
  }
}

}  // namespace

const RowKernels& plain_row_kernels() {
  static const RowKernels kernels{filter_row, blend_rows};
  return kernels;
}

const RowKernels& row_kernels() {
#ifdef MIMDET_ROWS_AVX2
  static const bool has_avx2 = __builtin_cpu_supports("avx2");
  if (has_avx2) return avx2_row_kernels();
#endif
  return plain_row_kernels();
}

}  // namespace mimdet
