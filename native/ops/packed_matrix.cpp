#include "ops/packed_matrix.h"

#include <ATen/ops/empty.h>

#include "ops/cpu/pack.h"
#include "ops/cpu/product.h"
#include "ops/cpu/split_product.h"

namespace mimdet {
namespace {

constexpr int64_t kRowsOfPanels = 96;

at::Tensor in_panels(const at::Tensor& rows) {
  const cpu::Kernels& k = *cpu::kernels();
  at::Tensor packed = at::empty({cpu::packed_size(k.panel, rows.size(0), rows.size(1))}, rows.options());
  cpu::pack_weight(k, rows.const_data_ptr<float>(), rows.size(0), rows.size(1), packed.mutable_data_ptr<float>());
  return packed;
}

at::Tensor in_tile_order(const at::Tensor& rows) {
  at::Tensor packed = at::empty({cpu::tile_order_size(rows.size(0), rows.size(1))}, rows.options());
  cpu::pack_in_tile_order(rows.const_data_ptr<float>(), rows.size(0), rows.size(1), packed.mutable_data_ptr<float>());
  return packed;
}

}  // namespace

PackedMatrix::PackedMatrix(const at::Tensor& matrix, WeightForm form)
    : columns_(matrix.size(0)), depth_(matrix.size(1)), is_split_(form == WeightForm::kSplit && cpu::split_fits(columns_, depth_)) {
  const at::Tensor rows = matrix.contiguous();
  numbers_ = is_split_ ? in_tile_order(rows) : in_panels(rows);
}

cpu::MatrixProduct PackedMatrix::completed(cpu::MatrixProduct product) const {
  product.weight = numbers_.const_data_ptr<float>();
  product.depth = depth_;
  product.columns = columns_;
  return product;
}

void PackedMatrix::multiply(cpu::MatrixProduct product) const {
  if (is_split_) cpu::multiply_split(completed(product));
  else cpu::kernels()->multiply(completed(product));
}

void PackedMatrix::share(cpu::MatrixProduct product) const {
  if (is_split_) cpu::share_split_product(completed(product));
  else cpu::share_product(*cpu::kernels(), completed(product));
}

int64_t PackedMatrix::rows_at_a_time() const { return is_split_ ? cpu::kSplitRows : kRowsOfPanels; }

}  // namespace mimdet
