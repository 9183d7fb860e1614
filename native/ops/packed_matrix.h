// A matrix of weights laid out once for the processor that it runs on, and products with it: in panels (cpu/pack), or in the order of tiles where
// the processor multiplies those (cpu/split_product). Before it: ops/linear, ops/conv2d. After it: cpu/product.
#pragma once

#include <ATen/core/Tensor.h>

#include "ops/cpu/kernels.h"
#include "ops/layer_precision.h"

namespace mimdet {

class PackedMatrix {
 public:
  PackedMatrix() = default;
  /// `matrix` (columns, depth), float32 on a CPU that has fast kernels; copied and not kept. kSplit is kAsGiven where it does not pay.
  PackedMatrix(const at::Tensor& matrix, WeightForm form);

  bool defined() const { return numbers_.defined(); }

  /// C = A · matrixᵀ and so on, as `product` says: its weight, depth and columns are filled in here. On the thread that calls.
  void multiply(cpu::MatrixProduct product) const;
  /// On all threads.
  void share(cpu::MatrixProduct product) const;
  /// Rows that are best multiplied at a time.
  int64_t rows_at_a_time() const;

 private:
  int64_t columns_ = 0, depth_ = 0;
  bool is_split_ = false;
  at::Tensor numbers_;

  cpu::MatrixProduct completed(cpu::MatrixProduct product) const;
};

}  // namespace mimdet
