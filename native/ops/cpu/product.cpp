#include "ops/cpu/product.h"

#include <algorithm>

#include "ops/cpu/share.h"
#include "ops/cpu/split_product.h"

namespace mimdet::cpu {
namespace {

constexpr int64_t kTilesAPiece = 16;  // enough of them share a panel of weights that was read

MatrixProduct some_rows(const MatrixProduct& whole, int64_t begin, int64_t end) {
  MatrixProduct part = whole;
  part.a += begin * whole.a_stride;
  part.c += begin * whole.c_stride;
  part.rows = std::min(end, whole.rows) - begin;
  return part;
}

/// `begin` is a multiple of a panel's columns. The weight is the caller's to move on.
MatrixProduct some_columns(const MatrixProduct& whole, int64_t begin, int64_t end) {
  MatrixProduct part = whole;
  part.c += begin;
  if (part.bias) part.bias += begin;
  part.columns = std::min(end, whole.columns) - begin;
  return part;
}

void share_tiles(const Kernels& k, const MatrixProduct& whole, int64_t tiles) {
  const int64_t count = std::min(tiles, even_pieces(tiles, kTilesAPiece));
  share(count, [&](Pieces& pieces) {
    for (int64_t i; pieces.take(i);) k.multiply(some_rows(whole, i * tiles / count * k.tile, (i + 1) * tiles / count * k.tile));
  });
}

}  // namespace

void share_product(const Kernels& k, const MatrixProduct& whole) {
  const int64_t tiles = (whole.rows + k.tile - 1) / k.tile, panels = (whole.columns + k.panel - 1) / k.panel;
  // Rows where every thread gets enough of them: weights are then read once a piece, but rows that are read once a panel stay in its cache.
  if (tiles >= 4 * at::get_num_threads() || tiles >= panels) share_tiles(k, whole, tiles);
  else
    at::parallel_for(0, panels, 1, [&](int64_t begin, int64_t end) {
      MatrixProduct part = some_columns(whole, begin * k.panel, end * k.panel);
      part.weight += begin * k.panel * whole.depth;
      k.multiply(part);
    });
}

void share_split_product(const MatrixProduct& whole) {
  const int64_t blocks = (whole.rows + kSplitBlock - 1) / kSplitBlock, panels = (whole.columns + kSplitColumns - 1) / kSplitColumns;
  if (blocks < at::get_num_threads())
    return at::parallel_for(0, panels, 1, [&](int64_t begin, int64_t end) {
      MatrixProduct part = some_columns(whole, begin * kSplitColumns, end * kSplitColumns);
      part.weight += tile_order_size(begin * kSplitColumns, whole.depth);
      multiply_split(part);
    });
  const int64_t count = std::min(blocks, even_pieces(blocks, kSplitRows / kSplitBlock));
  share(count, [&](Pieces& pieces) {
    for (int64_t i; pieces.take(i);) multiply_split(some_rows(whole, i * blocks / count * kSplitBlock, (i + 1) * blocks / count * kSplitBlock));
  });
}

}  // namespace mimdet::cpu
