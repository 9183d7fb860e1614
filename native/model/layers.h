// How the layers of all stations are read from the weights. The layers themselves are operators (ops/linear, ops/conv2d);
// norms that are constant at inference are folded into the convolution before them.
#pragma once

#include <ATen/core/Tensor.h>

#include <string>

#include "model/weight_source.h"
#include "ops/conv2d.h"
#include "ops/linear.h"

namespace mimdet {

struct LayerNorm {
  at::Tensor weight, bias;  // (C)
  double eps;

  LayerNorm(const WeightSource& weights, const std::string& prefix, double eps);
  at::Tensor operator()(const at::Tensor& x) const;  // (…, C) -> (…, C)
};

/// `prefix.weight` and `prefix.bias`.
PackedLinear load_linear(const WeightSource& weights, const std::string& prefix, Activation activation = Activation::kNone);
PackedConv2d load_conv(const WeightSource& weights, const std::string& prefix, Activation activation = Activation::kNone);
/// `prefix.weight` alone.
PackedConv2d load_conv_without_bias(const WeightSource& weights, const std::string& prefix, int64_t stride);
/// `prefix.weight` with the BatchNorm `prefix.norm` folded in.
PackedConv2d load_conv_with_norm(const WeightSource& weights, const std::string& prefix, Activation activation);

}  // namespace mimdet
