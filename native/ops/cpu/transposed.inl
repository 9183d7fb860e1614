// C += Aᵀ · B, the product that gives gradients of weights: the depth is long (all pixels or tokens), C is as large as a weight.
// A block of the depth is laid out so that both sides run through the caches in order; small ones are read where they stand. See
// kernels.inl.

constexpr int64_t kOuterDepth = 192;        // of a block
constexpr int64_t kOuterRows = 32 * kTile;  // with kOuterDepth floats each: the part of A that stays in the second cache
constexpr int64_t kFirstCache = 4096;       // floats: what may be read where it stands
constexpr int64_t kTransposedScratch = kOuterDepth * (kOuterRows + kPanel);

struct OuterTile {
  const float* a;
  int64_t a_step;  // floats from one k to the next, on both sides
  const float* b;
  int64_t b_step;
  int64_t depth;
  float* c;
  int64_t c_stride, columns;
};

template <int R>
MIMDET_KERNEL void add_outer(const OuterTile& t) {
  Vec sums[R][kPanelVecs];
  start_sums(sums, nullptr);
  const float *a = t.a, *b = t.b;
  for (int64_t k = 0; k < t.depth; ++k, a += t.a_step, b += t.b_step) {
    const Vec left = load(b), right = load(b + kLanes);
    MIMDET_UNROLL
    for (int i = 0; i < R; ++i) {
      const Vec factor = spread(a[i]);
      sums[i][0] += factor * left;
      sums[i][1] += factor * right;
    }
  }
  if (t.columns == kPanel) {
    MIMDET_UNROLL
    for (int i = 0; i < R; ++i) {
      float* c = t.c + i * t.c_stride;
      store(c, load(c) + sums[i][0]);
      store(c + kLanes, load(c + kLanes) + sums[i][1]);
    }
    return;
  }
  alignas(64) float aside[R][kPanel];
  MIMDET_UNROLL
  for (int i = 0; i < R; ++i) {
    store(aside[i], sums[i][0]);
    store(aside[i] + kLanes, sums[i][1]);
  }
  for (int i = 0; i < R; ++i)
    for (int64_t j = 0; j < t.columns; ++j) t.c[i * t.c_stride + j] += aside[i][j];
}

using OuterFunction = void (*)(const OuterTile&);

template <int R>
struct OuterTable : OuterTable<R - 1> {
  constexpr OuterTable() { this->of[R] = add_outer<R>; }
};
template <>
struct OuterTable<0> {
  OuterFunction of[kTile + 1] = {};
};

/// `columns` of each of `depth` rows, one after the other with `width` floats each; what is missing becomes zeros.
MIMDET_KERNEL void lay_out(const float* from, int64_t stride, int64_t depth, int64_t columns, int64_t width, float* to) {
  for (int64_t k = 0; k < depth; ++k, from += stride, to += width)
    for (int64_t j = 0; j < width; ++j) to[j] = j < columns ? from[j] : 0.f;
}

/// The same for a tile of A, which mostly is whole.
MIMDET_KERNEL void lay_out_tile(const float* from, int64_t stride, int64_t depth, int64_t rows, float* to) {
  if (rows < kTile) return lay_out(from, stride, depth, rows, kTile, to);
  for (int64_t k = 0; k < depth; ++k, from += stride, to += kTile) __builtin_memcpy(to, from, kTile * sizeof(float));
}

MIMDET_KERNEL void lay_out_panel(const float* from, int64_t stride, int64_t depth, int64_t columns, float* to) {
  if (columns < kPanel) return lay_out(from, stride, depth, columns, kPanel, to);
  for (int64_t k = 0; k < depth; ++k, from += stride, to += kPanel) {
    const Vec left = load(from), right = load(from + kLanes);
    store(to, left);
    store(to + kLanes, right);
  }
}

/// One block of the depth and of the rows of C; `p` begins there.
MIMDET_KERNEL void outer_block(const TransposedProduct& p) {
  static constexpr OuterTable<kTile> tiles;
  const bool lay_a = p.depth * p.a_stride > kFirstCache, lay_b = p.depth * p.b_stride > kFirstCache;
  float *rows = p.scratch, *panel = p.scratch + kOuterDepth * kOuterRows;
  if (lay_a)
    for (int64_t i = 0; i < p.rows; i += kTile)
      lay_out_tile(p.a + i, p.a_stride, p.depth, p.rows - i < kTile ? p.rows - i : kTile, rows + i * p.depth);
  for (int64_t j = 0; j < p.columns; j += kPanel) {
    const int64_t columns = p.columns - j < kPanel ? p.columns - j : kPanel;
    const bool aside = lay_b || columns < kPanel;
    if (aside) lay_out_panel(p.b + j, p.b_stride, p.depth, columns, panel);
    for (int64_t i = 0; i < p.rows; i += kTile)
      tiles.of[p.rows - i < kTile ? p.rows - i : kTile]({.a = lay_a ? rows + i * p.depth : p.a + i,
                                                         .a_step = lay_a ? kTile : p.a_stride,
                                                         .b = aside ? panel : p.b + j,
                                                         .b_step = aside ? kPanel : p.b_stride,
                                                         .depth = p.depth,
                                                         .c = p.c + i * p.c_stride + j,
                                                         .c_stride = p.c_stride,
                                                         .columns = columns});
  }
}

MIMDET_KERNEL void multiply_transposed(const TransposedProduct& p) {
  for (int64_t k = 0; k < p.depth; k += kOuterDepth)
    for (int64_t i = 0; i < p.rows; i += kOuterRows) {
      TransposedProduct block = p;
      block.a += k * p.a_stride + i;
      block.b += k * p.b_stride;
      block.c += i * p.c_stride;
      block.depth = p.depth - k < kOuterDepth ? p.depth - k : kOuterDepth;
      block.rows = p.rows - i < kOuterRows ? p.rows - i : kOuterRows;
      outer_block(block);
    }
}
