// BatchNorm with the statistics of the batch, with ReLU or without, and its gradients. Before it: a convolution of the pyramid or
// of a head.
#pragma once

#include <ATen/core/Tensor.h>

#include "ops/activation.h"

namespace mimdet::differentiable {

/// x (N, C, H, W); weight, bias, running_mean, running_var (C). The last two, where they are defined, move by `momentum` towards
/// the batch's mean and unbiased variance, unless N is 0. The result is channels-last where the fast way is taken.
at::Tensor batch_norm(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias, at::Tensor running_mean,
                      at::Tensor running_var, double momentum, double eps, Activation activation = Activation::kNone);

}  // namespace mimdet::differentiable
