// One matrix product on all threads. Before it: ops/linear, ops/conv2d, ops/autograd. Under it: matrix.inl, split_product, transposed.inl.
#pragma once

#include "ops/cpu/kernels.h"

namespace mimdet::cpu {

void share_product(const Kernels& k, const MatrixProduct& product);

/// The same with weights for multiply_split.
void share_split_product(const MatrixProduct& product);

/// C += Aᵀ · B, with the same bits for any number of threads. `scratch` is not read.
void share_transposed_product(const Kernels& k, const TransposedProduct& product);

}  // namespace mimdet::cpu
