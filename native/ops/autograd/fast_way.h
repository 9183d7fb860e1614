// When the operators of this folder run the kernels of ops/cpu, and how a gradient reaches them. Elsewhere they are LibTorch's
// own operators, which differentiate themselves. Before it: train/layers. All of them: float32, first derivatives, gradients for
// what requires one.
#pragma once

#include <ATen/autocast_mode.h>
#include <ATen/core/Tensor.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/gelu.h>
#include <ATen/ops/relu.h>

#include <algorithm>
#include <optional>
#include <vector>

#include "ops/cpu/kernels.h"
#include "ops/cpu/pack.h"
#include "ops/linear.h"

namespace mimdet::differentiable {

inline bool has_fast_way(const at::Tensor& x, const at::Tensor& weight) {
  return has_fast_kernels(x) && has_fast_kernels(weight) && !at::autocast::is_autocast_enabled(at::kCPU);
}

/// The activation behind LibTorch's own operator.
inline at::Tensor activated(const at::Tensor& y, Activation activation) {
  if (activation == Activation::kRelu) return at::relu(y);
  return activation == Activation::kGelu ? at::gelu(y) : y;
}

using OptionalTensor = std::optional<at::Tensor>;  // as a Function takes an argument that may be missing

inline OptionalTensor if_defined(const at::Tensor& tensor) { return tensor.defined() ? OptionalTensor(tensor) : std::nullopt; }

/// A matrix (depth, columns) as the right side of a product.
inline at::Tensor packed_columns(const at::Tensor& matrix) {
  const cpu::Kernels& k = *cpu::kernels();
  const at::Tensor rows = matrix.contiguous();
  at::Tensor packed = at::empty({cpu::packed_size(k.panel, rows.size(1), rows.size(0))}, rows.options());
  cpu::pack_values(k.panel, rows.const_data_ptr<float>(), rows.size(1), rows.size(0), rows.size(1), packed.mutable_data_ptr<float>());
  return packed;
}

inline at::Tensor float_tensor(const std::vector<double>& values, const at::Tensor& like) {
  at::Tensor result =
      at::empty({static_cast<int64_t>(values.size())}, like.options().memory_format(at::MemoryFormat::Contiguous));
  std::copy(values.begin(), values.end(), result.mutable_data_ptr<float>());
  return result;
}

}  // namespace mimdet::differentiable
