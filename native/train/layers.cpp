#include "train/layers.h"

#include <ATen/ops/layer_norm.h>

#include "model/config.h"
#include "ops/autograd/attention.h"
#include "ops/autograd/batch_norm.h"
#include "ops/autograd/conv2d.h"
#include "ops/autograd/group_norm_gelu.h"
#include "ops/autograd/linear.h"

namespace mimdet::train {
namespace {

constexpr double kBatchNormMomentum = 0.1;

at::Tensor batch_norm(const Parameters& parameters, const std::string& prefix, const at::Tensor& x, Activation activation) {
  // The variance of one value a channel has no unbiased estimate: the running statistics are then left alone.
  const bool estimable = x.numel() > x.size(1);
  const auto running = [&](const char* name) { return estimable ? parameters[prefix + name] : at::Tensor(); };
  return differentiable::batch_norm(x, parameters[prefix + ".weight"], parameters[prefix + ".bias"], running(".running_mean"), running(".running_var"),
                                    kBatchNormMomentum, fixed::kBatchNormEps, activation);
}

}  // namespace

at::Tensor linear(const Parameters& parameters, const std::string& prefix, const at::Tensor& x, Activation activation) {
  return differentiable::linear(x, parameters[prefix + ".weight"], parameters[prefix + ".bias"], activation);
}

at::Tensor conv(const Parameters& parameters, const std::string& prefix, const at::Tensor& x, Activation activation) {
  return differentiable::conv2d(x, parameters[prefix + ".weight"], parameters[prefix + ".bias"], 1, activation);
}

at::Tensor conv_halving(const Parameters& parameters, const std::string& prefix, const at::Tensor& x) {
  return differentiable::conv2d(x, parameters[prefix + ".weight"], {}, 2);
}

at::Tensor conv_batch_norm(const Parameters& parameters, const std::string& prefix, const at::Tensor& x, Activation activation) {
  return batch_norm(parameters, prefix + ".norm", differentiable::conv2d(x, parameters[prefix + ".weight"], {}), activation);
}

at::Tensor layer_norm(const Parameters& parameters, const std::string& prefix, const at::Tensor& x, double eps) {
  return at::layer_norm(x, {x.size(-1)}, parameters[prefix + ".weight"], parameters[prefix + ".bias"], eps);
}

at::Tensor group_norm_gelu(const Parameters& parameters, const std::string& prefix, const at::Tensor& x) {
  return differentiable::group_norm_gelu(x, parameters[prefix + ".weight"], parameters[prefix + ".bias"], fixed::kGroupNormEps);
}

at::Tensor attention(const at::Tensor& qkv, int64_t heads) { return differentiable::attention(qkv, heads); }

at::Tensor deconv_relu(const Parameters& parameters, const std::string& prefix, const at::Tensor& x) {
  return differentiable::deconv2x2(x, parameters[prefix + ".weight"], parameters[prefix + ".bias"], Activation::kRelu);
}

}  // namespace mimdet::train
