// Attention without its matrix of scores: a block of queries stands side by side in the lanes, one block of keys after the other goes by, and
// the weights between them never leave the first cache. The largest score so far is kept for each query, and what was gathered is scaled
// down when a larger one comes. With queries in the lanes a softmax needs no sum across a vector. See kernels.inl.

constexpr int kQueryVecs = 3;
constexpr int kQueries = kQueryVecs * kLanes;                    // of a block
constexpr int kAttentionTile = kTile * kPanelVecs / kQueryVecs;  // keys, or channels of values, that are computed together
constexpr int64_t kKeyBlock = 96;                                // its weights and a tile of values fit into 32 KB
constexpr int64_t kFactorsAhead = 16 * kAttentionTile;           // how far keys and values are fetched before they are read
constexpr float kLeast = -1e30f;                                 // stands for minus infinity without making NaN of differences
static_assert(kKeyBlock % kAttentionTile == 0);

struct QueryBlock {
  float* queries;   // (dim, kQueries)
  float* weights;   // (kKeyBlock, kQueries): scores, then 2^(score - level)
  float* gathered;  // (dim, filled up to whole tiles, kQueries)
  Vec level[kQueryVecs], sum[kQueryVecs];  // the largest score so far, the sum of 2^(score - level)
};

int64_t attention_scratch(int64_t dim) { return kQueries * (dim + kKeyBlock + round_up(dim, kAttentionTile)); }

/// sums = `factors` (depth, kAttentionTile), turned, times `lanes` (depth, kQueries).
MIMDET_INLINE void multiply_lanes(Vec (&sums)[kAttentionTile][kQueryVecs], const float* factors, const float* lanes, int64_t depth) {
  MIMDET_UNROLL
  for (int i = 0; i < kAttentionTile; ++i)
    MIMDET_UNROLL
    for (int j = 0; j < kQueryVecs; ++j) sums[i][j] = Vec{};
  for (int64_t k = 0; k < depth; ++k, factors += kAttentionTile, lanes += kQueries) {
    __builtin_prefetch(factors + kFactorsAhead);
    Vec right[kQueryVecs];
    MIMDET_UNROLL
    for (int j = 0; j < kQueryVecs; ++j) right[j] = load(lanes + j * kLanes);
    MIMDET_UNROLL
    for (int i = 0; i < kAttentionTile; ++i) {
      const Vec factor = spread(factors[i]);
      MIMDET_UNROLL
      for (int j = 0; j < kQueryVecs; ++j) sums[i][j] += factor * right[j];
    }
  }
}

/// Scores of one tile of keys, of which `there` exist; `largest` is raised to theirs.
MIMDET_KERNEL void score_tile(const float* keys, int64_t there, int64_t dim, const float* queries, float* scores, Vec (&largest)[kQueryVecs]) {
  Vec sums[kAttentionTile][kQueryVecs];
  multiply_lanes(sums, keys, queries, dim);
  MIMDET_UNROLL
  for (int i = 0; i < kAttentionTile; ++i) {
    if (i >= there) break;
    MIMDET_UNROLL
    for (int j = 0; j < kQueryVecs; ++j) {
      store(scores + i * kQueries + j * kLanes, sums[i][j]);
      largest[j] = larger(largest[j], sums[i][j]);
    }
  }
}

/// Turns scores into weights, 2^(score - level), and adds them up: as a sum of short sums.
MIMDET_KERNEL void weigh_keys(QueryBlock& b, int64_t keys) {
  const Vec level[kQueryVecs] = {b.level[0], b.level[1], b.level[2]};
  Vec sum[kQueryVecs] = {};
  for (int64_t k = 0; k < keys; ++k)
    MIMDET_UNROLL
    for (int j = 0; j < kQueryVecs; ++j) {
      float* score = b.weights + k * kQueries + j * kLanes;
      const Vec weight = exp2_of_negative(load(score) - level[j]);
      store(score, weight);
      sum[j] += weight;
    }
  for (int j = 0; j < kQueryVecs; ++j) b.sum[j] += sum[j];
}

/// gathered = gathered · keep + values · weights, for one tile of channels.
MIMDET_KERNEL void gather_tile(const float* values, int64_t keys, const float* weights, const Vec (&keep)[kQueryVecs], bool first, float* gathered) {
  Vec sums[kAttentionTile][kQueryVecs];
  multiply_lanes(sums, values, weights, keys);
  MIMDET_UNROLL
  for (int i = 0; i < kAttentionTile; ++i)
    MIMDET_UNROLL
    for (int j = 0; j < kQueryVecs; ++j) {
      float* at = gathered + i * kQueries + j * kLanes;
      store(at, first ? sums[i][j] : load(at) * keep[j] + sums[i][j]);
    }
}

MIMDET_KERNEL void attend_keys(const AttentionRows& p, QueryBlock& b, int64_t key, int64_t keys) {
  Vec largest[kQueryVecs], keep[kQueryVecs];
  for (int j = 0; j < kQueryVecs; ++j) largest[j] = b.level[j];
  for (int64_t k = 0; k < keys; k += kAttentionTile)
    score_tile(p.keys + (key + k) * p.dim, keys - k, p.dim, b.queries, b.weights + k * kQueries, largest);
  for (int j = 0; j < kQueryVecs; ++j) {
    keep[j] = b.level[j] == largest[j] ? spread(1.f) : exp2_of_negative(b.level[j] - largest[j]);  // 1 exactly: it is multiplied by for each block
    b.level[j] = largest[j];
    b.sum[j] *= keep[j];
  }
  weigh_keys(b, keys);
  for (int64_t c = 0; c < p.dim; c += kAttentionTile)
    gather_tile(p.values + c * p.length + key * kAttentionTile, keys, b.weights, keep, key == 0, b.gathered + c * kQueries);
}

/// Queries become columns; lanes without one get zeros.
MIMDET_KERNEL void lay_out_queries(const AttentionRows& p, int64_t row, int64_t rows, float* queries) {
  if (rows < kQueries) __builtin_memset(queries, 0, p.dim * kQueries * sizeof(float));
  for (int64_t i = 0; i < rows; ++i)
    for (int64_t c = 0; c < p.dim; ++c) queries[c * kQueries + i] = p.q[(row + i) * p.q_stride + c];
}

MIMDET_KERNEL void write_rows(const AttentionRows& p, int64_t row, int64_t rows, const QueryBlock& b) {
  alignas(64) float factors[kQueries], logs[kQueries];
  for (int j = 0; j < kQueryVecs; ++j) {
    store(factors + j * kLanes, 1.f / b.sum[j]);
    store(logs + j * kLanes, b.level[j]);
  }
  for (int64_t i = 0; i < rows; ++i) {
    float* out = p.out + (row + i) * p.out_stride;
    for (int64_t c = 0; c < p.dim; ++c) out[c] = b.gathered[c * kQueries + i] * factors[i];
    if (p.log_sums) p.log_sums[row + i] = logs[i] - __builtin_log2f(factors[i]);
  }
}

MIMDET_KERNEL void attend(const AttentionRows& p) {
  float* weights = p.scratch + p.dim * kQueries;
  for (int64_t row = 0; row < p.rows; row += kQueries) {
    const int64_t rows = p.rows - row < kQueries ? p.rows - row : kQueries;
    QueryBlock block{p.scratch, weights, weights + kKeyBlock * kQueries, {}, {}};
    for (Vec& level : block.level) level = spread(kLeast);
    lay_out_queries(p, row, rows, block.queries);
    for (int64_t key = 0; key < p.length; key += kKeyBlock)
      attend_keys(p, block, key, p.length - key < kKeyBlock ? p.length - key : kKeyBlock);
    write_rows(p, row, rows, block);
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
