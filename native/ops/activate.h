// An activation on a tensor that LibTorch has computed, for layers that no kernel of ops/cpu serves. Before it: ops/linear, ops/conv2d.
#pragma once

#include <ATen/core/Tensor.h>
#include <ATen/ops/gelu.h>
#include <ATen/ops/relu.h>

#include "ops/activation.h"

namespace mimdet {

/// `y` itself, changed in place.
inline at::Tensor activate(at::Tensor y, Activation activation) {
  if (activation == Activation::kRelu) return y.relu_();
  return activation == Activation::kGelu ? at::gelu_(y) : y;
}

}  // namespace mimdet
