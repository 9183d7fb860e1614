// A linear layer whose weights are int8, one scale a row of them; what comes in is rounded to eight bits as it comes, with one scale for all of
// it, and sums are exact. The product is oneDNN's, through LibTorch. Before it and after it: ops/linear.
#pragma once

#include <ATen/core/Tensor.h>

#include "ops/activation.h"

namespace mimdet {

class Int8Product {
 public:
  /// Whether this processor has instructions for it (AVX-512 VNNI); without them float32 is as quick.
  static bool supported();

  /// `weight` (out, in) float32, `bias` (out) or undefined.
  Int8Product(const at::Tensor& weight, const at::Tensor& bias, Activation activation);

  at::Tensor operator()(const at::Tensor& x) const;  // (…, in), not empty -> (…, out), float32

 private:
  at::Tensor weight_, scales_, zero_points_, bias_;  // packed; (out), (out), (out) or undefined
  Activation activation_;
};

}  // namespace mimdet
