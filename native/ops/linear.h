// A linear layer for inference, y = act(x · Wᵀ + b), with its weight laid out once for the processor that it runs on.
// Before it and after it: every station. On another device or in another precision it is at::linear, with int8 weights int8_product.
#pragma once

#include <ATen/core/Tensor.h>

#include <optional>

#include "ops/activation.h"
#include "ops/int8_product.h"
#include "ops/layer_precision.h"
#include "ops/packed_matrix.h"

namespace mimdet {

class PackedLinear {
 public:
  /// `weight` (out, in), `bias` (out) or undefined. On the CPU in float32, and as int8, they are copied and not kept.
  explicit PackedLinear(const at::Tensor& weight, const at::Tensor& bias = {}, Activation activation = Activation::kNone,
                        WeightForm form = WeightForm::kAsGiven);

  at::Tensor operator()(const at::Tensor& x) const;  // (…, in) -> (…, out)

  /// sum += x · Wᵀ + b in place, which saves a pass over memory where a residual is added; only without an activation.
  void add_to(at::Tensor& sum, const at::Tensor& x) const;  // sum (…, out) contiguous, x (…, in)

  int64_t in() const { return in_; }
  int64_t out() const { return out_; }

 private:
  int64_t in_, out_;
  Activation activation_;
  PackedMatrix matrix_;  // where there are fast kernels
  at::Tensor weight_;    // (out, in) elsewhere
  at::Tensor bias_;      // filled up to whole panels, or (out); undefined where there is none
  std::optional<Int8Product> int8_;  // instead of all

  void multiply(const at::Tensor& x, at::Tensor& y, bool accumulate) const;
};

/// `bias` (n), undefined for none, with zeros up to `size`.
at::Tensor padded_bias(const at::Tensor& bias, int64_t size);

/// Whether the kernels of ops/cpu serve tensors of this kind on this machine.
bool has_fast_kernels(const at::Tensor& tensor);

}  // namespace mimdet
