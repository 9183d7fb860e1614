// Attention in bfloat16 on processors that multiply whole tiles of it (AMX): queries, keys and weights are bfloat16, scores, sums and what is
// gathered float32. Before it: ops/attention, which cuts the work into blocks of queries for the threads. The float32 kernels are attention.inl's.
#pragma once

#include <cstdint>

#include "ops/cpu/matrix_tiles.h"

namespace mimdet::cpu {

/// Channels of a head that the tiles serve: 32 and 64.
bool fits_matrix_tiles(int64_t dim);

/// Numbers that the packed keys, or the packed values, of one head take.
int64_t tiled_size(int64_t length, int64_t dim);

/// `keys` and `values`: rows of `dim` numbers, `stride` apart. `packed`: tiled_size numbers, at a multiple of 64 bytes.
void pack_keys_in_tiles(const Bfloat16Bits* keys, int64_t stride, int64_t length, int64_t dim, Bfloat16Bits* packed);
void pack_values_in_tiles(const Bfloat16Bits* values, int64_t stride, int64_t length, int64_t dim, Bfloat16Bits* packed);

/// Rows [0, rows) of softmax(q · kᵀ / √dim) · v of one head.
struct TiledAttentionRows {
  const Bfloat16Bits* q;
  int64_t q_stride;  // numbers from token to token
  const Bfloat16Bits *keys, *values;  // packed
  Bfloat16Bits* out;
  int64_t out_stride;
  int64_t rows, length, dim;  // queries, keys, channels of a head
};

/// Takes up to kTiledQueries rows. A query's bits do not depend on the others.
constexpr int64_t kTiledQueries = 64;
void attend_in_tiles(const TiledAttentionRows& rows);

}  // namespace mimdet::cpu
