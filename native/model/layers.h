// The four kinds of layer that all stations are made of. Each knows how to read itself from a WeightSource.
// Norms that are constant at inference are folded into the convolution before them.
#pragma once

#include <ATen/core/Tensor.h>

#include <string>

#include "model/weight_source.h"

namespace mimdet {

struct Linear {
  at::Tensor weight;  // (out, in)
  at::Tensor bias;    // (out)

  Linear(const WeightSource& weights, const std::string& prefix);
  at::Tensor operator()(const at::Tensor& x) const;  // (…, in) -> (…, out)
};

struct LayerNorm {
  at::Tensor weight, bias;  // (C)
  double eps;

  LayerNorm(const WeightSource& weights, const std::string& prefix, double eps);
  at::Tensor operator()(const at::Tensor& x) const;  // (…, C) -> (…, C)
};

enum class Activation { kNone, kRelu };

struct Conv2d {
  at::Tensor weight;  // (out, in, k, k)
  at::Tensor bias;    // (out), undefined where there is none
  int64_t stride = 1;
  Activation activation = Activation::kNone;

  Conv2d(at::Tensor weight, at::Tensor bias, int64_t stride, Activation activation);

  /// `prefix.weight` and, where it is there, `prefix.bias`.
  static Conv2d plain(const WeightSource& weights, const std::string& prefix, bool has_bias, int64_t stride, Activation activation);
  /// `prefix.weight` with the BatchNorm `prefix.norm` folded in.
  static Conv2d with_folded_norm(const WeightSource& weights, const std::string& prefix, Activation activation);

  at::Tensor operator()(const at::Tensor& x) const;  // (N, in, H, W) -> (N, out, H / stride, W / stride)
};

}  // namespace mimdet
