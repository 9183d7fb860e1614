// A linear layer with its gradients, y = act(x · Wᵀ + b). Before and after it: every station of a training step.
#pragma once

#include <ATen/core/Tensor.h>

#include "ops/activation.h"

namespace mimdet::differentiable {

/// x (…, in), weight (out, in), bias (out) or undefined -> (…, out).
at::Tensor linear(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias,
                  Activation activation = Activation::kNone);

}  // namespace mimdet::differentiable
