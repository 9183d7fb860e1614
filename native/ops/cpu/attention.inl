// Attention of a block of queries over all keys, a block of keys at a time, so that the scores never leave the caches.
// The largest score so far is kept for each query, and what was summed is scaled down when a larger one comes. See kernels.inl.

constexpr int64_t kQueryBlock = 96;  // a multiple of kTile
constexpr int64_t kKeyBlock = 512;   // a multiple of kPanel
constexpr float kLeast = -1e30f;     // stands for minus infinity without making NaN of differences
static_assert(kQueryBlock % kTile == 0 && kKeyBlock % kPanel == 0);

struct Scratch {
  float* scores;   // (kQueryBlock, kKeyBlock)
  float* largest;  // (kQueryBlock, kLanes): of this block of keys
  float* level;    // (kQueryBlock): the largest score so far
  float* sum;      // (kQueryBlock): of 2^(score - level)
};
constexpr int64_t kAttentionScratch = kQueryBlock * (kKeyBlock + kLanes + 2);

struct ScoreTile {
  const float* q;
  int64_t q_stride;
  const float* panel;  // (dim, kPanel)
  int64_t dim;
  const float* mask;  // kPanel floats to start with, or nullptr
  float* scores;
  float* largest;
};

template <int R>
MIMDET_KERNEL void compute_scores(const ScoreTile& t) {
  Vec sums[R][kPanelVecs];
  start_sums(sums, t.mask);
  multiply_panel(sums, t.q, t.q_stride, t.panel, t.dim);
  MIMDET_UNROLL
  for (int i = 0; i < R; ++i) {
    store(t.scores + i * kKeyBlock, sums[i][0]);
    store(t.scores + i * kKeyBlock + kLanes, sums[i][1]);
    store(t.largest + i * kLanes, larger(load(t.largest + i * kLanes), larger(sums[i][0], sums[i][1])));
  }
}

using ScoreFunction = void (*)(const ScoreTile&);

template <int R>
struct ScoreTable : ScoreTable<R - 1> {
  constexpr ScoreTable() { this->of[R] = compute_scores<R>; }
};
template <>
struct ScoreTable<0> {
  ScoreFunction of[kTile + 1] = {};
};

MIMDET_KERNEL void score_panel(ScoreTile tile, int64_t rows) {
  static constexpr ScoreTable<kTile> tiles;
  for (int64_t row = 0; row < rows; row += kTile) {
    tiles.of[rows - row < kTile ? rows - row : kTile](tile);
    tile.q += kTile * tile.q_stride;
    tile.scores += kTile * kKeyBlock;
    tile.largest += kTile * kLanes;
  }
}

/// Scores of `rows` queries with the keys [key, key + keys), and the largest of each query, a vector wide.
MIMDET_KERNEL void score_block(const AttentionRows& p, const float* q, int64_t rows, int64_t key, int64_t keys, const Scratch& s) {
  for (int64_t i = 0; i < rows; ++i) store(s.largest + i * kLanes, spread(kLeast));
  for (int64_t j = 0; j < keys; j += kPanel) {
    alignas(64) float mask[kPanel];
    const int64_t left = keys - j;
    if (left < kPanel)
      for (int64_t lane = 0; lane < kPanel; ++lane) mask[lane] = lane < left ? 0.f : kLeast;
    score_panel({q, p.q_stride, p.keys + (key + j) * p.dim, p.dim, left < kPanel ? mask : nullptr, s.scores + j, s.largest}, rows);
  }
}

MIMDET_INLINE void scale_row(float* row, int64_t count, float factor) {
  int64_t i = 0;
  for (; i + kLanes <= count; i += kLanes) store(row + i, load(row + i) * factor);
  for (; i < count; ++i) row[i] *= factor;
}

/// Turns the scores of one query into weights, 2^(score - level); `out` is what was gathered so far.
MIMDET_KERNEL void weigh_row(const Scratch& s, int64_t row, int64_t keys, float* out, int64_t dim, bool first) {
  const float before = s.level[row], here = largest_of(load(s.largest + row * kLanes));
  const float level = here > before ? here : before;
  float* scores = s.scores + row * kKeyBlock;
  Vec sum = {};
  for (int64_t j = 0; j < keys; j += kPanel) {
    const Vec left = exp2_of_negative(load(scores + j) - level), right = exp2_of_negative(load(scores + j + kLanes) - level);
    store(scores + j, left);
    store(scores + j + kLanes, right);
    sum += left + right;
  }
  const float keep = exp2_of_negative(spread(before - level))[0];
  s.sum[row] = first ? sum_of(sum) : s.sum[row] * keep + sum_of(sum);
  if (!first && keep != 1.f) scale_row(out, dim, keep);
  s.level[row] = level;
}

/// out += weights · values.
MIMDET_KERNEL void gather_values(const AttentionRows& p, int64_t rows, int64_t key, int64_t keys, float* out, bool first, const Scratch& s) {
  for (int64_t column = 0; column < p.dim; column += kPanel) {
    const int64_t left = p.dim - column;
    compute_panel({.a = s.scores,
                   .a_stride = kKeyBlock,
                   .panel = p.values + column * p.length + key * kPanel,
                   .depth = keys,
                   .c = out + column,
                   .c_stride = p.out_stride,
                   .bias = nullptr,
                   .accumulate = !first,
                   .activation = Activation::kNone,
                   .columns = left < kPanel ? left : kPanel},
                  rows);
  }
}

MIMDET_KERNEL void attend_block(const AttentionRows& p, const float* q, float* out, float* log_sums, int64_t rows, const Scratch& s) {
  for (int64_t i = 0; i < rows; ++i) s.level[i] = kLeast;
  for (int64_t key = 0; key < p.length; key += kKeyBlock) {
    const int64_t keys = p.length - key < kKeyBlock ? p.length - key : kKeyBlock;
    score_block(p, q, rows, key, keys, s);
    for (int64_t i = 0; i < rows; ++i) weigh_row(s, i, keys, out + i * p.out_stride, p.dim, key == 0);
    gather_values(p, rows, key, keys, out, key == 0, s);
  }
  for (int64_t i = 0; i < rows; ++i) scale_row(out + i * p.out_stride, p.dim, 1.f / s.sum[i]);
  if (log_sums)
    for (int64_t i = 0; i < rows; ++i) log_sums[i] = s.level[i] + __builtin_log2f(s.sum[i]);
}

MIMDET_KERNEL void attend(const AttentionRows& p) {
  float* scores = p.scratch;
  float* largest = scores + kQueryBlock * kKeyBlock;
  float* level = largest + kQueryBlock * kLanes;
  const Scratch scratch{scores, largest, level, level + kQueryBlock};
  for (int64_t row = 0; row < p.rows; row += kQueryBlock) {
    const int64_t rows = p.rows - row < kQueryBlock ? p.rows - row : kQueryBlock;
    attend_block(p, p.q + row * p.q_stride, p.out + row * p.out_stride, p.log_sums ? p.log_sums + row : nullptr, rows, scratch);
  }
}

MIMDET_KERNEL void attention_gradient(const AttentionGradientRows& p) {
  for (int64_t row = 0; row < p.rows; ++row) {
    float *scores = p.scores + row * p.stride, *gradients = p.gradients + row * p.stride;
    for (int64_t j = 0; j < p.columns; j += kLanes) {  // the rows are filled up to whole vectors
      const Vec weight = exp2_of_negative(load(scores + j) - p.log_sums[row]);
      store(scores + j, weight);
      store(gradients + j, weight * (load(gradients + j) - p.means[row]));
    }
  }
}
