#include "train/layers.h"

#include <ATen/ops/batch_norm.h>
#include <ATen/ops/conv2d.h>
#include <ATen/ops/conv_transpose2d.h>
#include <ATen/ops/gelu.h>
#include <ATen/ops/group_norm.h>
#include <ATen/ops/layer_norm.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/relu.h>
#include <ATen/ops/scaled_dot_product_attention.h>

#include "model/config.h"

namespace mimdet::train {
namespace {

constexpr double kBatchNormMomentum = 0.1;

at::Tensor activated(const at::Tensor& x, Activation activation) {
  if (activation == Activation::kRelu) return at::relu(x);
  return activation == Activation::kGelu ? at::gelu(x) : x;
}

int64_t half_kernel(const at::Tensor& weight) { return weight.size(2) / 2; }

at::Tensor batch_norm(const Parameters& parameters, const std::string& prefix, const at::Tensor& x) {
  // The variance of one value a channel has no unbiased estimate: the running statistics are then left alone.
  const bool estimable = x.numel() > x.size(1);
  const auto running = [&](const char* name) { return estimable ? parameters[prefix + name] : at::Tensor(); };
  return at::batch_norm(x, parameters[prefix + ".weight"], parameters[prefix + ".bias"], running(".running_mean"), running(".running_var"),
                        /*training=*/true, kBatchNormMomentum, fixed::kBatchNormEps, /*cudnn_enabled=*/false);
}

}  // namespace

at::Tensor linear(const Parameters& parameters, const std::string& prefix, const at::Tensor& x, Activation activation) {
  return activated(at::linear(x, parameters[prefix + ".weight"], parameters[prefix + ".bias"]), activation);
}

at::Tensor conv(const Parameters& parameters, const std::string& prefix, const at::Tensor& x, Activation activation) {
  const at::Tensor& weight = parameters[prefix + ".weight"];
  return activated(at::conv2d(x, weight, parameters[prefix + ".bias"], 1, half_kernel(weight)), activation);
}

at::Tensor conv_halving(const Parameters& parameters, const std::string& prefix, const at::Tensor& x) {
  return at::conv2d(x, parameters[prefix + ".weight"], {}, 2, 1);
}

at::Tensor conv_batch_norm(const Parameters& parameters, const std::string& prefix, const at::Tensor& x, Activation activation) {
  const at::Tensor& weight = parameters[prefix + ".weight"];
  return activated(batch_norm(parameters, prefix + ".norm", at::conv2d(x, weight, {}, 1, half_kernel(weight))), activation);
}

at::Tensor layer_norm(const Parameters& parameters, const std::string& prefix, const at::Tensor& x, double eps) {
  return at::layer_norm(x, {x.size(-1)}, parameters[prefix + ".weight"], parameters[prefix + ".bias"], eps);
}

at::Tensor group_norm_gelu(const Parameters& parameters, const std::string& prefix, const at::Tensor& x) {
  return at::gelu(at::group_norm(x, 1, parameters[prefix + ".weight"], parameters[prefix + ".bias"], fixed::kGroupNormEps));
}

at::Tensor attention(const at::Tensor& qkv, int64_t heads) {
  const int64_t pictures = qkv.size(0), tokens = qkv.size(1), dim = qkv.size(2) / 3;
  const at::Tensor parts = qkv.view({pictures, tokens, 3, heads, dim / heads}).permute({2, 0, 3, 1, 4});  // (3, N, heads, L, d)
  const at::Tensor mixed = at::scaled_dot_product_attention(parts[0], parts[1], parts[2]);
  return mixed.transpose(1, 2).reshape({pictures, tokens, dim});
}

at::Tensor deconv_relu(const Parameters& parameters, const std::string& prefix, const at::Tensor& x) {
  return at::relu(at::conv_transpose2d(x, parameters[prefix + ".weight"], parameters[prefix + ".bias"], 2));
}

}  // namespace mimdet::train
