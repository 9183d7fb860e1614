#include "ops/cpu/split_product.h"

#include <algorithm>
#include <bit>
#include <memory>

namespace mimdet::cpu {
namespace {

constexpr int64_t kParts = 3;
constexpr int64_t kStepDepth = 32;                  // of a tile's row
constexpr int64_t kPart = kSplitColumns * kStepDepth;  // numbers of one part of a step: two tiles
constexpr int64_t kStep = kParts * kPart;

int64_t steps_of(int64_t depth) { return (depth + kStepDepth - 1) / kStepDepth; }

/// The nearest bfloat16 number.
Bfloat16Bits nearest(float x) {
  const auto bits = std::bit_cast<uint32_t>(x);
  return static_cast<Bfloat16Bits>((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

float value_of(Bfloat16Bits bits) { return std::bit_cast<float>(uint32_t{bits} << 16); }

}  // namespace

bool split_fits(int64_t columns, int64_t depth) { return has_matrix_tiles() && columns >= 2 * kSplitColumns && depth >= 2 * kStepDepth; }

int64_t split_size(int64_t columns, int64_t depth) { return round_up(columns, kSplitColumns) / kSplitColumns * steps_of(depth) * kStep; }

const Bfloat16Bits* split_columns(const Bfloat16Bits* split, int64_t depth, int64_t first) {
  return split + first / kSplitColumns * steps_of(depth) * kStep;
}

// Of a step, part by part, two tiles. A tile holds pairs of the depth: number 2j + i of its row r is that of column j and depth 2r + i.
void pack_split(const float* weight, int64_t columns, int64_t depth, Bfloat16Bits* split) {
  std::fill_n(split, split_size(columns, depth), 0);
  for (int64_t column = 0; column < columns; ++column) {
    Bfloat16Bits* block = split + column / kSplitColumns * steps_of(depth) * kStep + column % kSplitColumns / 16 * (kPart / 2) + column % 16 * 2;
    for (int64_t k = 0; k < depth; ++k) {
      Bfloat16Bits* to = block + k / kStepDepth * kStep + k % kStepDepth / 2 * kStepDepth + k % 2;
      float rest = weight[column * depth + k];
      for (int64_t part = 0; part < kParts; ++part, to += kPart) {
        *to = nearest(rest);
        rest -= value_of(*to);
      }
    }
  }
}

}  // namespace mimdet::cpu

#ifdef MIMDET_HAS_TILES
#include <immintrin.h>

namespace mimdet::cpu {
namespace {

#include "ops/cpu/matrix_tiles.inl"

constexpr int64_t kChunk = 768;                      // of the depth: rows of so many numbers, split, stay in the second cache
constexpr int64_t kLine = 64;                        // bytes of a tile's row

/// Rows of A in parts, in the order in which tiles take them: for each block of 32 rows step by step, part by part, two tiles.
struct SplitRows {
  alignas(64) Bfloat16Bits numbers[kSplitRows / kSquare * kChunk / kStepDepth * kStep];
};

/// What is left of x when the numbers of its upper half are taken away: exact.
MIMDET_TILES_INLINE __m512 rest_of(__m512 x) {
  return _mm512_sub_ps(x, _mm512_castsi512_ps(_mm512_and_si512(_mm512_castps_si512(x), _mm512_set1_epi32(static_cast<int>(0xffff0000)))));
}

/// The upper halves of 32 numbers.
MIMDET_TILES_INLINE __m512i upper_halves(__m512 low, __m512 high) {
  const __m512i odd = _mm512_set_epi16(63, 61, 59, 57, 55, 53, 51, 49, 47, 45, 43, 41, 39, 37, 35, 33, 31, 29, 27, 25, 23, 21, 19, 17, 15, 13, 11, 9, 7, 5, 3, 1);
  return _mm512_permutex2var_epi16(_mm512_castps_si512(low), odd, _mm512_castps_si512(high));
}

/// 32 numbers of a row; those from `count` on are zeros.
MIMDET_TILES_INLINE void split_numbers(const float* from, int64_t count, Bfloat16Bits* to) {
  const uint32_t there = count >= kStepDepth ? 0xffffffffu : (1u << std::max<int64_t>(count, 0)) - 1;
  __m512 low = _mm512_maskz_loadu_ps(static_cast<__mmask16>(there), from);
  __m512 high = _mm512_maskz_loadu_ps(static_cast<__mmask16>(there >> kSide), from + kSide);
  for (int64_t part = 0; part < kParts; ++part, to += kPart) {
    _mm512_store_si512(to, upper_halves(low, high));
    low = rest_of(low), high = rest_of(high);
  }
}

/// Rows [0, rows) of `a`, numbers [0, depth) of each, filled up with zeros.
MIMDET_TILES void split_rows(const float* a, int64_t a_stride, int64_t rows, int64_t depth, SplitRows& split) {
  const int64_t steps = steps_of(depth);
  for (int64_t row = 0; row < round_up(rows, kSquare); ++row) {
    Bfloat16Bits* to = split.numbers + row / kSquare * steps * kStep + row % kSquare * kStepDepth;
    const bool there = row < rows;
    for (int64_t k = 0; k < depth; k += kStepDepth, to += kStep) split_numbers(a + (there ? row * a_stride + k : 0), there ? depth - k : 0, to);
  }
}

/// A square of 32 × 32 of C: where, and whether what is there is added.
struct Square {
  float* c;
  int64_t c_stride;  // bytes
  bool accumulate;
};

MIMDET_TILES_INLINE void load_rows(const Bfloat16Bits* a) {
  _tile_loadd(4, a, kLine);
  _tile_loadd(5, a + kTile, kLine);
}

MIMDET_TILES_INLINE void load_columns(const Bfloat16Bits* b) {
  _tile_loadd(6, b, kLine);
  _tile_loadd(7, b + kTile, kLine);
}

MIMDET_TILES_INLINE void multiply_loaded() {
  _tile_dpbf16ps(0, 4, 6);
  _tile_dpbf16ps(1, 4, 7);
  _tile_dpbf16ps(2, 5, 6);
  _tile_dpbf16ps(3, 5, 7);
}

/// The six products of parts that count, in an order in which few tiles are loaded twice.
MIMDET_TILES_INLINE void multiply_step(const Bfloat16Bits* a, const Bfloat16Bits* b) {
  load_rows(a + 2 * kPart), load_columns(b), multiply_loaded();
  load_rows(a + kPart), multiply_loaded();
  load_columns(b + kPart), multiply_loaded();
  load_rows(a), load_columns(b + 2 * kPart), multiply_loaded();
  load_columns(b + kPart), multiply_loaded();
  load_columns(b), multiply_loaded();
}

MIMDET_TILES void multiply_square(const Bfloat16Bits* a, const Bfloat16Bits* b, int64_t steps, const Square& s) {
  float* below = s.c + kSide * s.c_stride / 4;
  if (s.accumulate) {
    _tile_loadd(0, s.c, s.c_stride);
    _tile_loadd(1, s.c + kSide, s.c_stride);
    _tile_loadd(2, below, s.c_stride);
    _tile_loadd(3, below + kSide, s.c_stride);
  } else {
    _tile_zero(0);
    _tile_zero(1);
    _tile_zero(2);
    _tile_zero(3);
  }
  for (int64_t i = 0; i < steps; ++i, a += kStep, b += kStep) multiply_step(a, b);
  _tile_stored(0, s.c, s.c_stride);
  _tile_stored(1, s.c + kSide, s.c_stride);
  _tile_stored(2, below, s.c_stride);
  _tile_stored(3, below + kSide, s.c_stride);
}

/// Bias and activation of rows of a square that was stored a moment ago. Its columns all are there, in C or aside.
MIMDET_TILES void finish(float* c, int64_t c_stride, int64_t rows, const float* bias, Activation activation) {
  if (!bias && activation == Activation::kNone) return;
  const __m512 zero = _mm512_setzero_ps(), left = bias ? _mm512_loadu_ps(bias) : zero, right = bias ? _mm512_loadu_ps(bias + kSide) : zero;
  for (int64_t row = 0; row < rows; ++row, c += c_stride) {
    __m512 low = _mm512_add_ps(_mm512_loadu_ps(c), left), high = _mm512_add_ps(_mm512_loadu_ps(c + kSide), right);
    if (activation == Activation::kRelu) low = _mm512_max_ps(zero, low), high = _mm512_max_ps(zero, high);  // NaN stays NaN
    _mm512_storeu_ps(c, low);
    _mm512_storeu_ps(c + kSide, high);
    if (activation == Activation::kGelu) kernels()->gelu(c, c, kSquare);
  }
}

/// Copies a part of C that does not fill a square.
void copy_part(const float* from, int64_t from_stride, int64_t rows, int64_t columns, float* to, int64_t to_stride) {
  for (int64_t row = 0; row < rows; ++row) std::copy_n(from + row * from_stride, columns, to + row * to_stride);
}

/// A chunk of the depth of one product's rows.
struct Chunk {
  int64_t row, rows;  // at most kSplitRows
  int64_t k, depth;   // at most kChunk
};

MIMDET_TILES void multiply_chunk(const MatrixProduct& p, const Bfloat16Bits* split, const Chunk& chunk, const SplitRows& rows) {
  const int64_t steps = steps_of(chunk.depth), blocks = (chunk.rows + kSquare - 1) / kSquare;
  const bool accumulate = p.accumulate || chunk.k > 0, last = chunk.k + chunk.depth == p.depth;
  alignas(64) float aside[kSquare * kSquare] = {};
  for (int64_t column = 0; column < p.columns; column += kSplitColumns) {
    const Bfloat16Bits* weights = split_columns(split, p.depth, column) + chunk.k / kStepDepth * kStep;
    const int64_t columns = std::min(kSplitColumns, p.columns - column);
    for (int64_t block = 0; block < blocks; ++block) {
      const int64_t first = block * kSquare, count = std::min(kSquare, chunk.rows - first);
      float* c = p.c + (chunk.row + first) * p.c_stride + column;
      const bool whole = count == kSquare && columns == kSplitColumns;
      if (!whole && accumulate) copy_part(c, p.c_stride, count, columns, aside, kSquare);
      const Square square{whole ? c : aside, (whole ? p.c_stride : kSquare) * 4, accumulate};
      settle_memory();
      multiply_square(rows.numbers + block * steps * kStep, weights, steps, square);
      settle_memory();
      if (last) finish(square.c, square.c_stride / 4, count, p.bias ? p.bias + column : nullptr, p.activation);
      if (!whole) copy_part(aside, kSquare, count, columns, c, p.c_stride);
    }
  }
}

}  // namespace

void multiply_split(const MatrixProduct& p, const Bfloat16Bits* split) {
  thread_local const auto rows = std::make_unique<SplitRows>();  // half a megabyte
  const TilesInUse tiles;
  for (int64_t row = 0; row < p.rows; row += kSplitRows)
    for (int64_t k = 0; k < p.depth; k += kChunk) {
      const Chunk chunk{row, std::min(kSplitRows, p.rows - row), k, std::min(kChunk, p.depth - k)};
      split_rows(p.a + row * p.a_stride + k, p.a_stride, chunk.rows, chunk.depth, *rows);
      multiply_chunk(p, split, chunk, *rows);
    }
}

}  // namespace mimdet::cpu

#else

namespace mimdet::cpu {
void multiply_split(const MatrixProduct&, const Bfloat16Bits*) {}
}  // namespace mimdet::cpu

#endif
