#include "ops/packed_matrix.h"

#include <ATen/ops/empty.h>

#include <algorithm>

#include "ops/cpu/pack.h"
#include "ops/cpu/product.h"
#include "ops/cpu/share.h"
#include "ops/cpu/split_product.h"

namespace mimdet {
namespace {

constexpr int64_t kRowsOfPanels = 96;

at::Tensor in_panels(const at::Tensor& rows) {
  const cpu::Kernels& k = *cpu::kernels();
  at::Tensor packed = at::empty({cpu::packed_size(k, rows.size(0), rows.size(1))}, rows.options());
  cpu::pack_weight(k, rows.const_data_ptr<float>(), rows.size(0), rows.size(1), packed.mutable_data_ptr<float>());
  return packed;
}

at::Tensor in_parts(const at::Tensor& rows) {
  const int64_t columns = rows.size(0), depth = rows.size(1);
  at::Tensor split = at::empty({cpu::split_size(columns, depth)}, rows.options().dtype(at::kBFloat16));
  const float* from = rows.const_data_ptr<float>();
  auto* to = static_cast<cpu::Bfloat16Bits*>(split.mutable_data_ptr());
  cpu::share((columns + cpu::kSplitColumns - 1) / cpu::kSplitColumns, [&](cpu::Pieces& pieces) {
    for (int64_t i; pieces.take(i);) {
      const int64_t first = i * cpu::kSplitColumns;
      cpu::pack_split(from + first * depth, std::min(cpu::kSplitColumns, columns - first), depth, to + cpu::split_size(first, depth));
    }
  });
  return split;
}

}  // namespace

PackedMatrix::PackedMatrix(const at::Tensor& matrix, WeightForm form)
    : columns_(matrix.size(0)), depth_(matrix.size(1)), is_split_(form == WeightForm::kSplit && cpu::split_fits(columns_, depth_)) {
  const at::Tensor rows = matrix.contiguous();
  numbers_ = is_split_ ? in_parts(rows) : in_panels(rows);
}

cpu::MatrixProduct PackedMatrix::completed(cpu::MatrixProduct product) const {
  product.weight = is_split_ ? nullptr : numbers_.const_data_ptr<float>();
  product.depth = depth_;
  product.columns = columns_;
  return product;
}

void PackedMatrix::multiply(cpu::MatrixProduct product) const {
  if (is_split_) cpu::multiply_split(completed(product), static_cast<const cpu::Bfloat16Bits*>(numbers_.const_data_ptr()));
  else cpu::kernels()->multiply(completed(product));
}

void PackedMatrix::share(cpu::MatrixProduct product) const {
  if (is_split_) cpu::share_split_product(completed(product), static_cast<const cpu::Bfloat16Bits*>(numbers_.const_data_ptr()));
  else cpu::share_product(*cpu::kernels(), completed(product));
}

int64_t PackedMatrix::rows_at_a_time() const { return is_split_ ? cpu::kSplitRows : kRowsOfPanels; }

}  // namespace mimdet
