#include "model/layers.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/layer_norm.h>
#include <ATen/ops/rsqrt.h>

#include "model/config.h"

namespace mimdet {

LayerNorm::LayerNorm(const WeightSource& weights, const std::string& prefix, double eps)
    : weight(weights(prefix + ".weight")), bias(weights(prefix + ".bias")), eps(eps) {}

at::Tensor LayerNorm::operator()(const at::Tensor& x) const { return at::layer_norm(x, weight.sizes(), weight, bias, eps); }

PackedLinear load_linear(const WeightSource& weights, const std::string& prefix, Activation activation) {
  return PackedLinear(weights(prefix + ".weight"), weights(prefix + ".bias"), activation, weights.form());
}

PackedConv2d load_conv(const WeightSource& weights, const std::string& prefix, Activation activation) {
  return PackedConv2d(weights(prefix + ".weight"), weights(prefix + ".bias"), 1, activation, weights.form());
}

PackedConv2d load_conv_without_bias(const WeightSource& weights, const std::string& prefix, int64_t stride) {
  return PackedConv2d(weights(prefix + ".weight"), {}, stride, Activation::kNone, weights.form());
}

PackedConv2d load_conv_with_norm(const WeightSource& weights, const std::string& prefix, Activation activation) {
  // In float64: folding must not cost more than the rounding of its result.
  const auto norm = [&](const char* name) { return weights.float32(prefix + ".norm." + name).to(at::kDouble); };
  const at::Tensor scale = norm("weight") * at::rsqrt(norm("running_var") + fixed::kBatchNormEps);
  const at::Tensor shift = norm("bias") - norm("running_mean") * scale;
  const at::Tensor kernel = weights.float32(prefix + ".weight").to(at::kDouble) * scale.view({-1, 1, 1, 1});
  return PackedConv2d(weights.place(kernel), weights.place(shift), 1, activation, weights.form());
}

}  // namespace mimdet
