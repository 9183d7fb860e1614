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

constexpr int64_t kSplitColumns = 32;  // that are multiplied together

/// Floats that packed weights (columns, depth) take. Up to a multiple of kSplitColumns: where the weights of that column begin.
int64_t tile_order_size(int64_t columns, int64_t depth);

/// `weight` (columns, depth), row by row, to the order in which the tiles take it, filled up with zeros.
void pack_in_tile_order(const float* weight, int64_t columns, int64_t depth, float* packed);

/// As Kernels::multiply, with weights in the order of tiles. A thread's share of rows should be kSplitRows, and a multiple of kSplitBlock.
constexpr int64_t kSplitRows = 192, kSplitBlock = 32;
void multiply_split(const MatrixProduct& product);

}  // namespace mimdet::cpu
