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

/// The weight is the caller's to move on.
MatrixProduct some_columns(const MatrixProduct& whole, int64_t begin, int64_t end) {
  MatrixProduct part = whole;
  part.c += begin;
  if (part.bias) part.bias += begin;
  part.columns = std::min(end, whole.columns) - begin;
  return part;
}

/// Pieces of at most `most` tiles of `tile` rows, to whichever thread is free.
template <class Multiply>
void share_rows(const MatrixProduct& whole, int64_t tile, int64_t most, const Multiply& multiply) {
  const int64_t tiles = (whole.rows + tile - 1) / tile, count = std::min(tiles, even_pieces(tiles, most));
  share(count, [&](Pieces& pieces) {
    for (int64_t i; pieces.take(i);) multiply(some_rows(whole, i * tiles / count * tile, (i + 1) * tiles / count * tile));
  });
}

/// Equal shares of whole panels; `weights_before(column)` are passed over.
template <class WeightsBefore, class Multiply>
void share_columns(const MatrixProduct& whole, int64_t panel, const WeightsBefore& weights_before, const Multiply& multiply) {
  at::parallel_for(0, (whole.columns + panel - 1) / panel, 1, [&](int64_t begin, int64_t end) {
    MatrixProduct part = some_columns(whole, begin * panel, end * panel);
    part.weight += weights_before(begin * panel);
    multiply(part);
  });
}

}  // namespace

void share_product(const Kernels& k, const MatrixProduct& whole) {
  const int64_t tiles = (whole.rows + k.tile - 1) / k.tile, panels = (whole.columns + k.panel - 1) / k.panel;
  // Rows where every thread gets enough of them: weights are then read once a piece, but rows that are read once a panel stay in its cache.
  if (tiles >= 4 * at::get_num_threads() || tiles >= panels) share_rows(whole, k.tile, kTilesAPiece, k.multiply);
  else share_columns(whole, k.panel, [&](int64_t column) { return column * whole.depth; }, k.multiply);
}

void share_split_product(const MatrixProduct& whole) {
  if (whole.rows > (at::get_num_threads() - 1) * kSplitBlock) share_rows(whole, kSplitBlock, kSplitRows / kSplitBlock, multiply_split);
  else share_columns(whole, kSplitColumns, [&](int64_t column) { return tile_order_size(column, whole.depth); }, multiply_split);
}

}  // namespace mimdet::cpu
