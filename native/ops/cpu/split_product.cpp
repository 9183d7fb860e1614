#include "ops/cpu/split_product.h"

#include <algorithm>
#include <memory>

namespace mimdet::cpu {
namespace {

constexpr int64_t kPart = kSplitColumns * kTileDepth;  // numbers of a step: two tiles

int64_t steps_of(int64_t depth) { return (depth + kTileDepth - 1) / kTileDepth; }

}  // namespace

bool split_fits(int64_t columns, int64_t depth) { return has_matrix_tiles() && columns >= 2 * kSplitColumns && depth >= 2 * kTileDepth; }

int64_t tile_order_size(int64_t columns, int64_t depth) { return round_up(columns, kSplitColumns) * steps_of(depth) * kTileDepth; }

// Step by step, two tiles. A tile holds pairs of the depth: number 2j + i of its row r is that of column j and depth 2r + i.
void pack_in_tile_order(const float* weight, int64_t columns, int64_t depth, float* packed) {
  std::fill_n(packed, tile_order_size(columns, depth), 0.f);
  for (int64_t column = 0; column < columns; ++column) {
    float* tile = packed + tile_order_size(column / kSplitColumns * kSplitColumns, depth) + column % kSplitColumns / kTileSide * (kPart / 2) + column % kTileSide * 2;
    for (int64_t k = 0; k < depth; ++k) tile[k / kTileDepth * kPart + k % kTileDepth / 2 * kTileDepth + k % 2] = weight[column * depth + k];
  }
}

}  // namespace mimdet::cpu

#ifdef MIMDET_HAS_TILES
#include <immintrin.h>

namespace mimdet::cpu {
namespace {

#include "ops/cpu/matrix_tiles.inl"

constexpr int64_t kParts = 3, kStep = kParts * kPart;
constexpr int64_t kChunk = 768;  // of the depth: rows of so many numbers, split, stay in the second cache
constexpr int64_t kLine = 64;    // bytes of a tile's row

/// A chunk of the depth in parts, in the order in which tiles take them: for each 32 rows of A, and for 32 columns of weights, step by step, part by
/// part, two tiles.
struct Scratch {
  alignas(64) Bfloat16Bits rows[kSplitRows / kSquare * kChunk / kTileDepth * kStep];
  alignas(64) Bfloat16Bits columns[kChunk / kTileDepth * kStep];
  alignas(64) float sums[kSquare * kSquare];
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
  const uint32_t there = count >= kTileDepth ? 0xffffffffu : (1u << std::max<int64_t>(count, 0)) - 1;
  __m512 low = _mm512_maskz_loadu_ps(static_cast<__mmask16>(there), from);
  __m512 high = _mm512_maskz_loadu_ps(static_cast<__mmask16>(there >> kSide), from + kSide);
  for (int64_t part = 0; part < kParts; ++part, to += kPart) {
    _mm512_store_si512(to, upper_halves(low, high));
    low = rest_of(low), high = rest_of(high);
  }
}

/// Rows [0, rows) of `a`, numbers [0, depth) of each, filled up with zeros.
MIMDET_TILES void split_rows(const float* a, int64_t a_stride, int64_t rows, int64_t depth, Bfloat16Bits* split) {
  const int64_t steps = steps_of(depth);
  for (int64_t row = 0; row < round_up(rows, kSquare); ++row) {
    Bfloat16Bits* to = split + row / kSquare * steps * kStep + row % kSquare * kTileDepth;
    const bool there = row < rows;
    for (int64_t k = 0; k < depth; k += kTileDepth, to += kStep) split_numbers(a + (there ? row * a_stride + k : 0), there ? depth - k : 0, to);
  }
}

/// Weights of 32 columns, which have the order of tiles already.
MIMDET_TILES void split_columns(const float* weights, int64_t steps, Bfloat16Bits* split) {
  for (int64_t i = 0; i < steps; ++i, split += kStep, weights += kPart)
    for (int64_t j = 0; j < kPart; j += kTileDepth) split_numbers(weights + j, kTileDepth, split + j);
}

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

/// 32 rows and columns of a product, summed up over some steps: a sum of short sums, as in matrix.inl.
MIMDET_TILES void multiply_square(const Bfloat16Bits* a, const Bfloat16Bits* b, int64_t steps, float* sums) {
  constexpr int64_t kStride = kSquare * 4;
  settle_memory();
  _tile_zero(0);
  _tile_zero(1);
  _tile_zero(2);
  _tile_zero(3);
  for (int64_t i = 0; i < steps; ++i, a += kStep, b += kStep) multiply_step(a, b);
  _tile_stored(0, sums, kStride);
  _tile_stored(1, sums + kSide, kStride);
  _tile_stored(2, sums + kSide * kSquare, kStride);
  _tile_stored(3, sums + kSide * kSquare + kSide, kStride);
  settle_memory();
}

/// Where the sums of a square go.
struct Place {
  float* c;
  int64_t c_stride, rows, columns;
  bool accumulate;
  const float* bias;  // or nullptr
  Activation activation;
};

MIMDET_TILES void put_square(float* sums, const Place& p) {
  const uint32_t there = p.columns >= kSquare ? 0xffffffffu : (1u << p.columns) - 1;
  const __mmask16 masks[2] = {static_cast<__mmask16>(there), static_cast<__mmask16>(there >> kSide)};
  for (int64_t row = 0; row < p.rows; ++row, sums += kSquare) {
    float* c = p.c + row * p.c_stride;
    for (int64_t half = 0; half < 2; ++half) {
      __m512 x = _mm512_load_ps(sums + half * kSide);
      if (p.accumulate) x = _mm512_add_ps(x, _mm512_maskz_loadu_ps(masks[half], c + half * kSide));
      if (p.bias) x = _mm512_add_ps(x, _mm512_loadu_ps(p.bias + half * kSide));
      if (p.activation == Activation::kRelu) x = _mm512_max_ps(_mm512_setzero_ps(), x);  // NaN stays NaN
      _mm512_store_ps(sums + half * kSide, x);
    }
    if (p.activation == Activation::kGelu) kernels()->gelu(sums, sums, kSquare);
    for (int64_t half = 0; half < 2; ++half) _mm512_mask_storeu_ps(c + half * kSide, masks[half], _mm512_load_ps(sums + half * kSide));
  }
}

/// A chunk of the depth of one product's rows.
struct Chunk {
  int64_t row, rows;  // at most kSplitRows
  int64_t k, depth;   // at most kChunk
};

MIMDET_TILES void multiply_chunk(const MatrixProduct& p, const Chunk& chunk, Scratch& scratch) {
  const int64_t steps = steps_of(chunk.depth);
  const bool first = chunk.k == 0, last = chunk.k + chunk.depth == p.depth;
  for (int64_t column = 0; column < p.columns; column += kSplitColumns) {
    split_columns(p.weight + tile_order_size(column, p.depth) + chunk.k * kSplitColumns, steps, scratch.columns);
    for (int64_t row = 0; row < chunk.rows; row += kSquare) {
      multiply_square(scratch.rows + row / kSquare * steps * kStep, scratch.columns, steps, scratch.sums);
      put_square(scratch.sums, {.c = p.c + (chunk.row + row) * p.c_stride + column,
                                .c_stride = p.c_stride,
                                .rows = std::min(kSquare, chunk.rows - row),
                                .columns = p.columns - column,
                                .accumulate = p.accumulate || !first,
                                .bias = last && p.bias ? p.bias + column : nullptr,
                                .activation = last ? p.activation : Activation::kNone});
    }
  }
}

}  // namespace

void multiply_split(const MatrixProduct& p) {
  thread_local const auto scratch = std::make_unique<Scratch>();  // a megabyte
  const TilesInUse tiles;
  for (int64_t row = 0; row < p.rows; row += kSplitRows)
    for (int64_t k = 0; k < p.depth; k += kChunk) {
      const Chunk chunk{row, std::min(kSplitRows, p.rows - row), k, std::min(kChunk, p.depth - k)};
      split_rows(p.a + row * p.a_stride + k, p.a_stride, chunk.rows, chunk.depth, scratch->rows);
      multiply_chunk(p, chunk, *scratch);
    }
}

}  // namespace mimdet::cpu

#else

void mimdet::cpu::multiply_split(const MatrixProduct&) {}

#endif
