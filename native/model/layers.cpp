#include "model/layers.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/conv2d.h>
#include <ATen/ops/layer_norm.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/rsqrt.h>

#include "model/config.h"

namespace mimdet {

Linear::Linear(const WeightSource& weights, const std::string& prefix)
    : weight(weights(prefix + ".weight")), bias(weights(prefix + ".bias")) {}

at::Tensor Linear::operator()(const at::Tensor& x) const { return at::linear(x, weight, bias); }

LayerNorm::LayerNorm(const WeightSource& weights, const std::string& prefix, double eps)
    : weight(weights(prefix + ".weight")), bias(weights(prefix + ".bias")), eps(eps) {}

at::Tensor LayerNorm::operator()(const at::Tensor& x) const { return at::layer_norm(x, weight.sizes(), weight, bias, eps); }

Conv2d::Conv2d(at::Tensor weight, at::Tensor bias, int64_t stride, Activation activation)
    : weight(std::move(weight)), bias(std::move(bias)), stride(stride), activation(activation) {}

Conv2d Conv2d::plain(const WeightSource& weights, const std::string& prefix, bool has_bias, int64_t stride, Activation activation) {
  return {weights(prefix + ".weight"), has_bias ? weights(prefix + ".bias") : at::Tensor(), stride, activation};
}

Conv2d Conv2d::with_folded_norm(const WeightSource& weights, const std::string& prefix, Activation activation) {
  // In float64: folding must not cost more than the rounding of its result.
  const auto norm = [&](const char* name) { return weights.float32(prefix + ".norm." + name).to(at::kDouble); };
  const at::Tensor scale = norm("weight") * at::rsqrt(norm("running_var") + fixed::kBatchNormEps);
  const at::Tensor shift = norm("bias") - norm("running_mean") * scale;
  const at::Tensor kernel = weights.float32(prefix + ".weight").to(at::kDouble) * scale.view({-1, 1, 1, 1});
  return {weights.place(kernel), weights.place(shift), 1, activation};
}

at::Tensor Conv2d::operator()(const at::Tensor& x) const {
  const int64_t padding = weight.size(2) / 2;
  at::Tensor y = at::conv2d(x, weight, bias, stride, padding);
  return activation == Activation::kRelu ? y.relu_() : y;
}

}  // namespace mimdet
