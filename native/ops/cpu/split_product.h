// Products of float32 matrices on processors that multiply tiles of bfloat16 fifteen times as fast: each number is split into three of them, which
// hold its 24 bits, and six of the nine products of parts are summed up in float32; the other three are below its last bit. Nearer to the
// exact product than float32's own sum (Henry, Tang and Heinecke, Leveraging the bfloat16 Artificial Intelligence Datatype for Higher-Precision
// Computations, 2019). Before it: product.cpp, ops/conv2d. Infinite numbers give NaN.
#pragma once

#include "ops/cpu/kernels.h"
#include "ops/cpu/matrix_tiles.h"

namespace mimdet::cpu {

/// Whether such a product pays here: what is filled up to whole tiles costs as much as what is there.
bool split_fits(int64_t columns, int64_t depth);

/// Numbers that split weights (columns, depth) take.
int64_t split_size(int64_t columns, int64_t depth);

/// `weight` (columns, depth), row by row. `split`: split_size numbers, at a multiple of 64 bytes.
void pack_split(const float* weight, int64_t columns, int64_t depth, Bfloat16Bits* split);

/// The weights of the columns from `first` on, a multiple of kSplitColumns.
constexpr int64_t kSplitColumns = 32;
const Bfloat16Bits* split_columns(const Bfloat16Bits* split, int64_t depth, int64_t first);

/// `product.weight` is not read. An element gets the same bits however the work is cut. A thread's share of rows should be
/// kSplitRows, and a multiple of kSplitBlock.
constexpr int64_t kSplitRows = 192, kSplitBlock = 32;
void multiply_split(const MatrixProduct& product, const Bfloat16Bits* split);

}  // namespace mimdet::cpu
