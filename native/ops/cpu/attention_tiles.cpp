#include "ops/cpu/attention_tiles.h"

#include <algorithm>
#include <cmath>

#ifdef MIMDET_HAS_TILES
#include <immintrin.h>

namespace mimdet::cpu {
namespace {

#include "ops/cpu/matrix_tiles.inl"

constexpr int64_t kKeys = 512;          // a block of them: its scores and weights stay in the second cache
constexpr int64_t kWidest = 64;
constexpr float kLeast = -1e30f;      // stands for minus infinity without making NaN of differences

/// Two squares of queries take turns: while the vector unit turns the scores of one into weights, the tiles multiply for the other.
constexpr int64_t kSquares = 2;
constexpr int64_t kRowsAScore = kSquare * kSquare / kKeys;  // the other square's scores are done when its rows are
static_assert(kTiledQueries == kSquares * kSquare && kRowsAScore * kKeys == kSquare * kSquare);

struct SquareOfQueries {
  alignas(64) Bfloat16Bits q[kSquare * kWidest];
  alignas(64) float scores[kSquare * kKeys];
  alignas(64) Bfloat16Bits weights[kSquare * kKeys];
  alignas(64) float gathered[kSquare * kWidest];
  float level[kSquare];  // the largest score so far
  float sum[kSquare];    // of 2^(score - level)
};

/// A block of keys for a square of queries.
struct Step {
  SquareOfQueries* square;
  int64_t key, keys, columns;  // the first, how many, and that filled up to whole squares
};

/// A square of C = A · B, or C += A · B. A: rows of numbers, `a_stride` bytes apart. B: two columns of tiles, one behind the other along the depth.
struct Square {
  const Bfloat16Bits* a;
  int64_t a_stride;
  const Bfloat16Bits *left, *right;
  int64_t tiles;
  float* c;
  int64_t c_stride;  // bytes
};

template <bool kAccumulate>
MIMDET_TILES_INLINE void multiply_square(const Square& s) {
  float* below = s.c + kSide * s.c_stride / 4;
  if (kAccumulate) {
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
  const Bfloat16Bits* lower = s.a + kSide * s.a_stride / 2;
  for (int64_t i = 0; i < s.tiles; ++i) {
    _tile_loadd(4, s.a + i * kDepth, s.a_stride);
    _tile_loadd(5, lower + i * kDepth, s.a_stride);
    _tile_loadd(6, s.left + i * kTile, 64);
    _tile_loadd(7, s.right + i * kTile, 64);
    _tile_dpbf16ps(0, 4, 6);
    _tile_dpbf16ps(1, 4, 7);
    _tile_dpbf16ps(2, 5, 6);
    _tile_dpbf16ps(3, 5, 7);
  }
  _tile_stored(0, s.c, s.c_stride);
  _tile_stored(1, s.c + kSide, s.c_stride);
  _tile_stored(2, below, s.c_stride);
  _tile_stored(3, below + kSide, s.c_stride);
}

/// 2^x for x <= 0, within 8e-5 of its value; rounding to bfloat16 costs 2e-3.
MIMDET_TILES_INLINE __m512 exp2_of_negative(__m512 x) {
  const __m512 rest = _mm512_reduce_ps(x, _MM_FROUND_TO_NEG_INF);  // x - floor(x)
  __m512 y = _mm512_set1_ps(0.07802452f);
  y = _mm512_fmadd_ps(y, rest, _mm512_set1_ps(0.22606716f));
  y = _mm512_fmadd_ps(y, rest, _mm512_set1_ps(0.69583354f));
  y = _mm512_fmadd_ps(y, rest, _mm512_set1_ps(0.99992522f));
  return _mm512_scalef_ps(y, x);  // y · 2^floor(x)
}

/// Scores of 32 queries with 32 keys.
MIMDET_TILES_INLINE void score(const Step& step, const TiledAttentionRows& p, int64_t column) {
  const Bfloat16Bits* left = p.keys + (step.key + column) * p.dim;
  settle_memory();
  multiply_square<false>({step.square->q, p.dim * 2, left, left + kSide * p.dim, p.dim / kDepth, step.square->scores + column, kKeys * 4});
}

/// What 32 queries gather from half a block of keys: one of the p.dim / 16 pieces of this step.
MIMDET_TILES_INLINE void gather(const Step& step, const TiledAttentionRows& p, int64_t piece) {
  const int64_t channel = piece / 2 * kSquare, column = piece % 2 * (kKeys / 2), end = std::min(column + kKeys / 2, step.columns);
  if (column >= end) return;
  const int64_t channel_size = (p.length + kSquare - 1) / kSquare * kSquare * kSide;
  const Bfloat16Bits* left = p.values + channel / kSide * channel_size + (step.key + column) / kDepth * kTile;
  settle_memory();
  multiply_square<true>({step.square->weights + column, kKeys * 2, left, left + channel_size, (end - column) / kDepth, step.square->gathered + channel, p.dim * 4});
}

/// Which of the 16 keys from `key` on are among the first `keys`. The compiler drops the question where a block is full.
template <bool kFull>
MIMDET_TILES_INLINE __mmask16 there(int64_t key, int64_t keys) {
  if (kFull || keys - key >= kSide) return 0xffff;
  return keys > key ? static_cast<__mmask16>((1u << (keys - key)) - 1) : 0;
}

/// Turns the scores of one query with the step's keys into weights, 2^(score - level); those of what fills up become 0.
template <bool kFull>
MIMDET_TILES_INLINE void weigh(const Step& step, int64_t row, int64_t dim, float factor) {
  SquareOfQueries& s = *step.square;
  const float* scores = s.scores + row * kKeys;
  Bfloat16Bits* weights = s.weights + row * kKeys;
  __m512 largest = _mm512_set1_ps(kLeast), largest2 = largest;
  for (int64_t j = 0; j < step.columns; j += 2 * kSide) {
    largest = _mm512_mask_max_ps(largest, there<kFull>(j, step.keys), largest, _mm512_load_ps(scores + j));
    largest2 = _mm512_mask_max_ps(largest2, there<kFull>(j + kSide, step.keys), largest2, _mm512_load_ps(scores + j + kSide));
  }
  const float before = s.level[row], level = std::max(before, _mm512_reduce_max_ps(_mm512_max_ps(largest, largest2)) * factor);
  const __m512 factors = _mm512_set1_ps(factor), levels = _mm512_set1_ps(level);
  __m512 sum = _mm512_setzero_ps(), sum2 = sum;
  for (int64_t j = 0; j < step.columns; j += 2 * kSide) {
    const __m512 left = _mm512_maskz_mov_ps(there<kFull>(j, step.keys), exp2_of_negative(_mm512_fmsub_ps(_mm512_load_ps(scores + j), factors, levels)));
    const __m512 right = _mm512_maskz_mov_ps(there<kFull>(j + kSide, step.keys), exp2_of_negative(_mm512_fmsub_ps(_mm512_load_ps(scores + j + kSide), factors, levels)));
    sum = _mm512_add_ps(sum, left);
    sum2 = _mm512_add_ps(sum2, right);
    _mm512_store_si512(weights + j, (__m512i)_mm512_cvtne2ps_pbh(right, left));
  }
  const __m512 keep = exp2_of_negative(_mm512_set1_ps(before - level));
  s.sum[row] = s.sum[row] * _mm512_cvtss_f32(keep) + _mm512_reduce_add_ps(_mm512_add_ps(sum, sum2));
  s.level[row] = level;
  if (before == level) return;
  float* gathered = s.gathered + row * dim;
  for (int64_t i = 0; i < dim; i += kSide) _mm512_store_ps(gathered + i, _mm512_mul_ps(_mm512_load_ps(gathered + i), keep));
}

/// Weighs one square, and between its rows scores the other with the keys of `next`, and lets it gather what it has weighed in `last` (nullptr: none).
template <bool kFull>
MIMDET_TILES void weigh_beside(const Step& step, const TiledAttentionRows& p, float factor, const Step* next, const Step* last) {
  for (int64_t row = 0; row < kSquare; ++row) {
    weigh<kFull>(step, row, p.dim, factor);
    if (next && row % kRowsAScore == 0 && row / kRowsAScore * kSquare < next->columns) score(*next, p, row / kRowsAScore * kSquare);
    if (last && row % 8 == 1 && row / 8 < p.dim / kSide) gather(*last, p, row / 8);
  }
}

MIMDET_TILES void attend_squares(SquareOfQueries (&squares)[kSquares], const TiledAttentionRows& p) {
  const float factor = static_cast<float>(1.4426950408889634 / std::sqrt(static_cast<double>(p.dim)));  // the exponentials have base 2
  const int64_t count = (p.length + kKeys - 1) / kKeys * kSquares;
  const auto step_at = [&](int64_t i) {
    const int64_t key = i / kSquares * kKeys, keys = std::min(kKeys, p.length - key);
    return Step{&squares[i % kSquares], key, keys, (keys + kSquare - 1) / kSquare * kSquare};
  };
  Step last{}, step = step_at(0);
  for (int64_t column = 0; column < step.columns; column += kSquare) score(step, p, column);
  for (int64_t i = 0; i < count; ++i) {
    const Step next = step_at(i + 1);
    const auto weigh_step = step.keys == step.columns ? weigh_beside<true> : weigh_beside<false>;
    weigh_step(step, p, factor, i + 1 < count ? &next : nullptr, i > 0 ? &last : nullptr);
    last = step;
    step = next;
  }
  for (int64_t piece = 0; piece < p.dim / kSide; ++piece) gather(last, p, piece);
  settle_memory();
}

/// Rows that there are not are zeros.
void start(SquareOfQueries& s, const TiledAttentionRows& p, int64_t first) {
  for (int64_t i = 0; i < kSquare; ++i) {
    if (first + i < p.rows) std::copy_n(p.q + (first + i) * p.q_stride, p.dim, s.q + i * p.dim);
    else std::fill_n(s.q + i * p.dim, p.dim, 0);
  }
  std::fill_n(s.gathered, kSquare * p.dim, 0.f);
  std::fill_n(s.level, kSquare, kLeast);
  std::fill_n(s.sum, kSquare, 0.f);
}

MIMDET_TILES void finish(const SquareOfQueries& s, const TiledAttentionRows& p, int64_t first) {
  for (int64_t row = 0; row < std::min(kSquare, p.rows - first); ++row) {
    const __m512 share = _mm512_set1_ps(1.f / s.sum[row]);
    for (int64_t i = 0; i < p.dim; i += kSide) {
      const __m512 mean = _mm512_mul_ps(_mm512_load_ps(s.gathered + row * p.dim + i), share);
      _mm256_storeu_si256(reinterpret_cast<__m256i*>(p.out + (first + row) * p.out_stride + i), (__m256i)_mm512_cvtneps_pbh(mean));
    }
  }
}

}  // namespace

void attend_in_tiles(const TiledAttentionRows& p) {
  const TilesInUse tiles;
  SquareOfQueries squares[kSquares];
  for (int64_t i = 0; i < kSquares; ++i) start(squares[i], p, i * kSquare);
  attend_squares(squares, p);
  for (int64_t i = 0; i < kSquares; ++i) finish(squares[i], p, i * kSquare);
}

bool fits_matrix_tiles(int64_t dim) { return dim == kDepth || dim == kWidest; }

int64_t tiled_size(int64_t length, int64_t dim) { return (length + kSquare - 1) / kSquare * kSquare * dim; }

// A tile of the right side holds pairs of rows: number 2j + i of its row r is that of row 2r + i and column j.
void pack_keys_in_tiles(const Bfloat16Bits* keys, int64_t stride, int64_t length, int64_t dim, Bfloat16Bits* packed) {
  const int64_t whole = length / kSide * kSide * dim;  // the numbers of full tiles
  std::fill_n(packed + whole, tiled_size(length, dim) - whole, 0);
  for (int64_t row = 0; row < length; ++row) {
    Bfloat16Bits* column = packed + row / kSide * kSide * dim + row % kSide * 2;
    for (int64_t pair = 0; pair < dim / 2; ++pair) std::copy_n(keys + row * stride + 2 * pair, 2, column + pair * 2 * kSide);
  }
}

void pack_values_in_tiles(const Bfloat16Bits* values, int64_t stride, int64_t length, int64_t dim, Bfloat16Bits* packed) {
  const int64_t filled = (length + kSquare - 1) / kSquare * kSquare;
  for (int64_t channel = 0; channel < dim; channel += kSide, packed += filled * kSide)
    for (int64_t row = 0; row < filled; row += 2) {
      const Bfloat16Bits* first = values + row * stride + channel;
      Bfloat16Bits* pairs = packed + row * kSide;
      for (int64_t j = 0; j < kSide; ++j) {
        pairs[2 * j] = row < length ? first[j] : 0;
        pairs[2 * j + 1] = row + 1 < length ? first[stride + j] : 0;
      }
    }
}

}  // namespace mimdet::cpu

#else

namespace mimdet::cpu {
bool fits_matrix_tiles(int64_t) { return false; }
int64_t tiled_size(int64_t, int64_t) { return 0; }
void pack_keys_in_tiles(const Bfloat16Bits*, int64_t, int64_t, int64_t, Bfloat16Bits*) {}
void pack_values_in_tiles(const Bfloat16Bits*, int64_t, int64_t, int64_t, Bfloat16Bits*) {}
void attend_in_tiles(const TiledAttentionRows&) {}
}  // namespace mimdet::cpu

#endif
