// One matrix product on all threads. Before it: ops/linear, ops/conv2d. Under it: matrix.inl.
#pragma once

#include "ops/cpu/kernels.h"

namespace mimdet::cpu {

void share_product(const Kernels& k, const MatrixProduct& product);

}  // namespace mimdet::cpu
