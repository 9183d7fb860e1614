// Matrix products with a packed right side. A tile of kTile rows and kPanel columns stays in registers while the depth runs by. Rows of A are
// laid out first: where they stand, they often lie a multiple of a kilobyte apart, and all of a tile's would share a few places of the first
// cache. The panel of weights comes from the caches, shared by all tiles of a block of rows. See kernels.inl.

constexpr int kPanelVecs = 2;
constexpr int kPanel = kPanelVecs * kLanes;
constexpr int64_t kDepthBlock = 768;
constexpr int64_t kStretch = 64;  // of the depth: what is summed up alone
constexpr int64_t kAhead = 8;     // of the depth: how far a panel is fetched into the first cache before it is read
constexpr int64_t kLine = 16;     // floats that the caches move at once
constexpr int64_t kPiece = kTile * kLanes;  // of what is laid out: a tile's rows, kLanes of the depth
constexpr bool kFetchAtOnce = kPiece / kLine < kLanes / 2;  // the next piece, where it is small; else with each step a part of it
constexpr int64_t kRowBlock = kLaidOutFloats / kDepthBlock / kTile * kTile;  // the part of A that stays in the second cache
static_assert(kStretch % kLanes == 0 && kDepthBlock % kStretch == 0 && kRowBlock > 0);

struct Tile {
  const float* a;      // laid out: (depth / kLanes, kTile, kLanes)
  int64_t a_step;      // floats from these rows of A to the next tile's
  const float* panel;  // (depth, kPanel)
  int64_t depth;
  float* c;
  int64_t c_stride;
  const float* bias;  // or nullptr
  bool accumulate;
  Activation activation;
  int64_t columns;  // that exist in c; kPanel but for the last panel
};

/// The heart of everything: rows of A · panel for `count` steps of the depth, those of one piece.
template <int R>
MIMDET_INLINE void multiply_piece(Vec (&sums)[R][kPanelVecs], const float* a, const float* panel, int64_t count) {
  if (kFetchAtOnce)
    for (int64_t line = 0; line < kPiece; line += kLine) __builtin_prefetch(a + kPiece + line);
  MIMDET_UNROLL_BY_4
  for (int64_t k = 0; k < count; ++k, panel += kPanel) {
    for (int64_t line = 0; line < kPanel; line += kLine) __builtin_prefetch(panel + kAhead * kPanel + line);
    if (!kFetchAtOnce) __builtin_prefetch(a + kPiece + k * kTile);
    const Vec left = load(panel), right = load(panel + kLanes);
    MIMDET_UNROLL
    for (int i = 0; i < R; ++i) {
      const Vec factor = spread(a[i * kLanes + k]);
      sums[i][0] += factor * left;
      sums[i][1] += factor * right;
    }
  }
}

/// A short stretch of the depth.
template <int R>
MIMDET_INLINE void multiply_stretch(Vec (&sums)[R][kPanelVecs], const float* a, const float* panel, int64_t depth) {
  for (; depth >= kLanes; depth -= kLanes, a += kPiece, panel += kLanes * kPanel) multiply_piece(sums, a, panel, kLanes);
  if (depth > 0) multiply_piece(sums, a, panel, depth);
}

/// sums += rows of A · panel, as a sum of short sums: one long sum in float32 loses twice as many digits, and more the deeper it is.
template <int R>
MIMDET_INLINE void multiply_panel(Vec (&sums)[R][kPanelVecs], const float* a, const float* panel, int64_t depth) {
  multiply_stretch(sums, a, panel, depth < kStretch ? depth : kStretch);
  for (int64_t k = kStretch; k < depth; k += kStretch) {
    Vec part[R][kPanelVecs] = {};
    multiply_stretch(part, a + k * kTile, panel + k * kPanel, depth - k < kStretch ? depth - k : kStretch);
    MIMDET_UNROLL
    for (int i = 0; i < R; ++i) {
      sums[i][0] += part[i][0];
      sums[i][1] += part[i][1];
    }
  }
}

template <int R>
MIMDET_INLINE void start_sums(Vec (&sums)[R][kPanelVecs], const float* bias) {
  MIMDET_UNROLL
  for (int j = 0; j < kPanelVecs; ++j) {
    const Vec start = bias ? load(bias + j * kLanes) : Vec{};
    MIMDET_UNROLL
    for (int i = 0; i < R; ++i) sums[i][j] = start;
  }
}

/// Out of line, so that the tiles stay small: what it reads was stored a moment ago.
MIMDET_KERNEL __attribute__((noinline)) void activate_tile(const Tile& t, int rows) {
  for (int i = 0; i < rows; ++i) {
    float* c = t.c + i * t.c_stride;
    store(c, activated(load(c), t.activation));
    store(c + kLanes, activated(load(c + kLanes), t.activation));
  }
}

template <int R>
MIMDET_KERNEL void whole_tile(const Tile& t) {
  Vec sums[R][kPanelVecs];
  start_sums(sums, t.bias);
  multiply_panel(sums, t.a, t.panel, t.depth);
  MIMDET_UNROLL
  for (int i = 0; i < R; ++i) {
    MIMDET_UNROLL
    for (int j = 0; j < kPanelVecs; ++j) {
      float* c = t.c + i * t.c_stride + j * kLanes;
      store(c, t.accumulate ? sums[i][j] + load(c) : sums[i][j]);
    }
  }
  if (t.activation != Activation::kNone) activate_tile(t, R);
}

/// The last panel has columns that C lacks: it is computed aside.
template <int R>
MIMDET_KERNEL void cut_tile(const Tile& t) {
  alignas(64) float aside[R * kPanel];
  Tile whole = t;
  whole.c = aside;
  whole.c_stride = kPanel;
  if (t.accumulate)
    MIMDET_UNROLL
    for (int i = 0; i < R; ++i)
      for (int64_t j = 0; j < kPanel; ++j) aside[i * kPanel + j] = j < t.columns ? t.c[i * t.c_stride + j] : 0.f;
  whole_tile<R>(whole);
  MIMDET_UNROLL
  for (int i = 0; i < R; ++i)
    for (int64_t j = 0; j < t.columns; ++j) t.c[i * t.c_stride + j] = aside[i * kPanel + j];
}

template <int R>
MIMDET_KERNEL void compute_tile(const Tile& t) {
  if (t.columns < kPanel) cut_tile<R>(t);
  else whole_tile<R>(t);
}

/// One function for each number of rows, 1 … kTile.
using TileFunction = void (*)(const Tile&);

template <int R>
struct TileTable : TileTable<R - 1> {
  constexpr TileTable() { this->of[R] = compute_tile<R>; }
};
template <>
struct TileTable<0> {
  TileFunction of[kTile + 1] = {};
};

/// All rows of C for one panel and one block of the depth.
MIMDET_KERNEL void compute_panel(Tile tile, int64_t rows) {
  static constexpr TileTable<kTile> tiles;
  for (int64_t row = 0; row < rows; row += kTile) {
    const int64_t count = rows - row < kTile ? rows - row : kTile;
    tiles.of[count](tile);
    tile.a += tile.a_step;
    tile.c += kTile * tile.c_stride;
  }
}

/// `depth` floats of each row, in the order in which a tile reads them.
MIMDET_KERNEL void lay_out_rows(const float* a, int64_t stride, int64_t rows, int64_t depth, float* to) {
  for (int64_t row = 0; row < rows; row += kTile) {
    const int64_t count = rows - row < kTile ? rows - row : kTile;
    for (int64_t k = 0; k < depth; k += kLanes, to += kTile * kLanes)
      for (int64_t i = 0; i < count; ++i) {
        const float* from = a + (row + i) * stride + k;
        if (depth - k >= kLanes) store(to + i * kLanes, load(from));
        else __builtin_memcpy(to + i * kLanes, from, (depth - k) * sizeof(float));
      }
  }
}

/// `a`: the block of A, laid out, with `a_step` floats from tile to tile.
MIMDET_KERNEL void multiply_block(const MatrixProduct& p, const float* a, int64_t a_step, int64_t row, int64_t rows, int64_t k, int64_t depth) {
  const bool first = k == 0, last = k + depth == p.depth;
  for (int64_t column = 0; column < p.columns; column += kPanel) {
    const int64_t left = p.columns - column;
    compute_panel({.a = a,
                   .a_step = a_step,
                   .panel = p.weight + column * p.depth + k * kPanel,
                   .depth = depth,
                   .c = p.c + row * p.c_stride + column,
                   .c_stride = p.c_stride,
                   .bias = first && p.bias ? p.bias + column : nullptr,
                   .accumulate = p.accumulate || !first,
                   .activation = last ? p.activation : Activation::kNone,
                   .columns = left < kPanel ? left : kPanel},
                  rows);
  }
}

MIMDET_KERNEL void multiply(const MatrixProduct& p) {
  const int64_t blocks = (p.depth + kDepthBlock - 1) / kDepthBlock;
  const int64_t most = round_up((p.depth + blocks - 1) / blocks, kLanes);
  float* const laid_out = p.laid_out ? nullptr : laid_out_rows();
  for (int64_t row = 0; row < p.rows; row += kRowBlock) {
    const int64_t rows = p.rows - row < kRowBlock ? p.rows - row : kRowBlock;
    for (int64_t k = 0; k < p.depth; k += most) {
      const int64_t depth = p.depth - k < most ? p.depth - k : most;
      if (p.laid_out) {
        multiply_block(p, p.a + row * p.depth + k * kTile, kTile * p.depth, row, rows, k, depth);
      } else {
        lay_out_rows(p.a + row * p.a_stride + k, p.a_stride, rows, depth, laid_out);
        multiply_block(p, laid_out, kTile * round_up(depth, kLanes), row, rows, k, depth);
      }
    }
  }
}
