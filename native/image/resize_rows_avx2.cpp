// The inner loops of a resize with AVX2, two taps an instruction: pmaddwd multiplies pairs of 16-bit numbers and adds the two
// products. Weights come split in two for that; both sums are exact, and so is their total.
#include "image/resize_rows_avx2.h"

#ifdef MIMDET_ROWS_AVX2
#include <immintrin.h>

#include <cstring>

#define MIMDET_AVX2 __attribute__((target("avx2")))

namespace mimdet {
namespace {

constexpr int32_t kHalf = 1 << (kWeightBits - 1);

struct SplitSum {
  __m256i high, low;
};

MIMDET_AVX2 inline void add_pairs(SplitSum& sum, __m256i pixels, __m256i high, __m256i low) {
  sum.high = _mm256_add_epi32(sum.high, _mm256_madd_epi16(pixels, high));
  sum.low = _mm256_add_epi32(sum.low, _mm256_madd_epi16(pixels, low));
}

MIMDET_AVX2 inline __m256i total(const SplitSum& sum) {
  return _mm256_add_epi32(_mm256_slli_epi32(sum.high, kLowBits), sum.low);
}

// Four taps of one output pixel: taps 0 and 1 in the low half, 2 and 3 in the high one, each as (r r g g b b 0 0).
MIMDET_AVX2 inline __m256i spread_taps(const uint8_t* pixels) {
  const __m256i order = _mm256_setr_epi8(0, -1, 3, -1, 1, -1, 4, -1, 2, -1, 5, -1, -1, -1, -1, -1,  //
                                         6, -1, 9, -1, 7, -1, 10, -1, 8, -1, 11, -1, -1, -1, -1, -1);
  const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(pixels));
  return _mm256_shuffle_epi8(_mm256_broadcastsi128_si256(bytes), order);
}

// Their weights beside them: word `high` (0 1) in the low half, `high` (2 3) in the high one; the same for `low`.
MIMDET_AVX2 inline void spread_pairs(const int32_t* pairs, __m256i& high, __m256i& low) {
  const __m256i four = _mm256_broadcastsi128_si256(_mm_loadu_si128(reinterpret_cast<const __m128i*>(pairs)));
  high = _mm256_shuffle_epi8(four, _mm256_setr_epi8(0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3,  //
                                                    4, 5, 6, 7, 4, 5, 6, 7, 4, 5, 6, 7, 4, 5, 6, 7));
  low = _mm256_shuffle_epi8(four, _mm256_setr_epi8(8, 9, 10, 11, 8, 9, 10, 11, 8, 9, 10, 11, 8, 9, 10, 11,  //
                                                   12, 13, 14, 15, 12, 13, 14, 15, 12, 13, 14, 15, 12, 13, 14, 15));
}

// The sums of one output pixel: r g b 0.
MIMDET_AVX2 inline __m128i filter_pixel(const uint8_t* in, const AxisWeights& axis, int64_t x) {
  const uint8_t* pixels = in + axis.first[x] * 3;
  const int32_t* pairs = axis.pairs_of(x);
  SplitSum sum{_mm256_setzero_si256(), _mm256_setr_epi32(kHalf, kHalf, kHalf, kHalf, 0, 0, 0, 0)};
  int64_t k = 0;
  do {
    __m256i high, low;
    spread_pairs(pairs + k, high, low);
    add_pairs(sum, spread_taps(pixels + k * 3), high, low);
    k += 4;
  } while (k < axis.count[x]);
  const __m256i halves = total(sum);
  return _mm_srai_epi32(_mm_add_epi32(_mm256_castsi256_si128(halves), _mm256_extracti128_si256(halves, 1)), kWeightBits);
}

// Four pixels, 12 bytes and four that the next pixels overwrite.
MIMDET_AVX2 inline void filter_four(const uint8_t* in, const AxisWeights& axis, int64_t x, uint8_t* out) {
  const __m128i first = _mm_packs_epi32(filter_pixel(in, axis, x), filter_pixel(in, axis, x + 1));
  const __m128i second = _mm_packs_epi32(filter_pixel(in, axis, x + 2), filter_pixel(in, axis, x + 3));
  const __m128i without_gaps = _mm_setr_epi8(0, 1, 2, 4, 5, 6, 8, 9, 10, 12, 13, 14, -1, -1, -1, -1);
  const __m128i bytes = _mm_shuffle_epi8(_mm_packus_epi16(first, second), without_gaps);
  _mm_storeu_si128(reinterpret_cast<__m128i*>(out + x * 3), bytes);
}

MIMDET_AVX2 void filter_row(const uint8_t* in, const AxisWeights& axis, uint8_t* out) {
  const auto length = static_cast<int64_t>(axis.first.size());
  int64_t x = 0;
  for (; x + 6 <= length; x += 4) filter_four(in, axis, x, out);  // 16 bytes fit into what is left of the row
  for (; x < length; ++x) {
    const __m128i value = filter_pixel(in, axis, x);
    const int rgb = _mm_cvtsi128_si32(_mm_packus_epi16(_mm_packs_epi32(value, value), value));
    std::memcpy(out + x * 3, &rgb, 3);
  }
}

// 32 bytes of two rows, interleaved and widened to 16-bit pairs: pairs 0-7, 8-15, 16-23, 24-31 in the order that packing
// restores.
MIMDET_AVX2 inline void blend_pair(const uint8_t* upper, const uint8_t* lower, __m256i high, __m256i low, SplitSum (&sums)[4]) {
  const __m256i a = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(upper));
  const __m256i b = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(lower));
  const __m256i zero = _mm256_setzero_si256();
  const __m256i first = _mm256_unpacklo_epi8(a, b), second = _mm256_unpackhi_epi8(a, b);
  add_pairs(sums[0], _mm256_unpacklo_epi8(first, zero), high, low);
  add_pairs(sums[1], _mm256_unpackhi_epi8(first, zero), high, low);
  add_pairs(sums[2], _mm256_unpacklo_epi8(second, zero), high, low);
  add_pairs(sums[3], _mm256_unpackhi_epi8(second, zero), high, low);
}

MIMDET_AVX2 inline __m256i rounded(const SplitSum& sum) {
  return _mm256_srai_epi32(_mm256_add_epi32(total(sum), _mm256_set1_epi32(kHalf)), kWeightBits);
}

MIMDET_AVX2 inline void blend_32(const uint8_t* const* rows, const int32_t* pairs, int64_t count, int64_t at, uint8_t* out) {
  SplitSum sums[4];
  for (SplitSum& sum : sums) sum = {_mm256_setzero_si256(), _mm256_setzero_si256()};
  for (int64_t k = 0; k < count; k += 2) {
    const int32_t* pair = pairs + k / 4 * 4 + k % 4 / 2;
    const uint8_t* lower = rows[k + 1 < count ? k + 1 : k] + at;  // where there is no second row its weight is 0
    blend_pair(rows[k] + at, lower, _mm256_set1_epi32(pair[0]), _mm256_set1_epi32(pair[2]), sums);
  }
  const __m256i left = _mm256_packs_epi32(rounded(sums[0]), rounded(sums[1]));
  const __m256i right = _mm256_packs_epi32(rounded(sums[2]), rounded(sums[3]));
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(out + at), _mm256_packus_epi16(left, right));
}

MIMDET_AVX2 void blend_rows(const uint8_t* const* rows, const AxisWeights& axis, int64_t y, int64_t bytes, uint8_t* out) {
  if (bytes < 32) return plain_row_kernels().blend_rows(rows, axis, y, bytes, out);
  for (int64_t at = 0; at + 32 <= bytes; at += 32) blend_32(rows, axis.pairs_of(y), axis.count[y], at, out);
  // The last 32 overlap what is written, with the same bytes.
  if (bytes % 32 != 0) blend_32(rows, axis.pairs_of(y), axis.count[y], bytes - 32, out);
}

}  // namespace

const RowKernels& avx2_row_kernels() {
  static const RowKernels kernels{filter_row, blend_rows};
  return kernels;
}

}  // namespace mimdet
#endif
