#include "ops/autograd/conv2d.h"

#include <ATen/ops/conv2d.h>
#include <ATen/ops/conv_transpose2d.h>
#include <ATen/ops/empty_like.h>
#include <torch/csrc/autograd/custom_function.h>

#include <vector>

#include "base/error.h"
#include "ops/autograd/conv2d_gradients.h"
#include "ops/autograd/fast_way.h"
#include "ops/autograd/sparse_conv2d.h"
#include "ops/conv2d.h"
#include "ops/cpu/norm_passes.h"

namespace mimdet::differentiable {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

/// The gradient before the activation, and of the bias.
struct Behind {
  at::Tensor g, dbias;
};

/// What the gradient needs of a forward pass: x, the weight and, where there was an activation, y.
void keep(AutogradContext* context, const at::Tensor& x, const at::Tensor& weight, const at::Tensor& y, bool has_bias, int64_t activation) {
  context->saved_data["activation"] = activation;
  context->saved_data["bias"] = has_bias;
  context->save_for_backward({x, weight, static_cast<Activation>(activation) == Activation::kNone ? at::Tensor() : y});
}

Behind behind_activation(AutogradContext* context, const at::Tensor& dy, const at::Tensor& y) {
  const auto activation = static_cast<Activation>(context->saved_data["activation"].toInt());
  const bool has_bias = context->saved_data["bias"].toBool() && context->needs_input_grad(2);
  const at::Tensor gradient = dy.contiguous(at::MemoryFormat::ChannelsLast);
  if (activation == Activation::kNone && !has_bias) return {gradient, {}};
  const bool relu = activation == Activation::kRelu;
  const at::Tensor g = relu ? at::empty_like(gradient) : gradient;
  const int64_t channels = g.size(1);
  const auto sums =
      cpu::gradients_behind(*cpu::kernels(), (relu ? y : gradient).const_data_ptr<float>(), gradient.const_data_ptr<float>(),
                            relu ? g.mutable_data_ptr<float>() : nullptr, g.numel() / channels, channels, activation);
  return {g, has_bias ? float_tensor(sums, g) : at::Tensor()};
}

class Conv2d : public torch::autograd::Function<Conv2d> {
 public:
  static at::Tensor forward(AutogradContext* context, const at::Tensor& x, const at::Tensor& weight, const OptionalTensor& bias,
                            int64_t stride, int64_t activation) {
    const auto act = static_cast<Activation>(activation);
    const at::Tensor pixels = x.contiguous(at::MemoryFormat::ChannelsLast);
    const at::Tensor y = PackedConv2d(weight, bias.value_or(at::Tensor()), stride, act)(pixels);
    context->saved_data["stride"] = stride;
    keep(context, pixels, weight, y, bias.has_value(), activation);
    return y;
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const variable_list saved = context->get_saved_variables();
    const at::Tensor &x = saved[0], &weight = saved[1];
    const int64_t stride = context->saved_data["stride"].toInt();
    const auto [g, dbias] = behind_activation(context, gradients[0], saved[2]);
    const auto few = stride == 1 ? sparse_pixels(g) : std::nullopt;
    const auto input = [&, &g = g] {
      return few ? sparse_input_gradient(g, *few, x, weight) : conv2d_input_gradient(g, x, weight, stride);
    };
    const auto kernel = [&, &g = g] {
      return few ? sparse_weight_gradient(g, *few, x, weight) : conv2d_weight_gradient(g, x, weight, stride);
    };
    return {context->needs_input_grad(0) ? input() : at::Tensor(),
            context->needs_input_grad(1) ? kernel() : at::Tensor(),
            dbias,
            {},
            {}};
  }
};

class Deconv2x2 : public torch::autograd::Function<Deconv2x2> {
 public:
  static at::Tensor forward(AutogradContext* context, const at::Tensor& x, const at::Tensor& weight, const OptionalTensor& bias,
                            int64_t activation) {
    const auto act = static_cast<Activation>(activation);
    const at::Tensor pixels = x.contiguous(at::MemoryFormat::ChannelsLast);
    const at::Tensor y = PackedDeconv2x2(weight, bias.value_or(at::Tensor()), act)(pixels);
    keep(context, pixels, weight, y, bias.has_value(), activation);
    return y;
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const variable_list saved = context->get_saved_variables();
    const auto [g, dbias] = behind_activation(context, gradients[0], saved[2]);
    const auto [dx, dweight] = deconv2x2_gradients(g, saved[0], saved[1]);
    return {dx, dweight, dbias, {}};
  }
};

}  // namespace

at::Tensor conv2d(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias, int64_t stride, Activation activation) {
  if (activation == Activation::kGelu) fail(ErrorCode::kInternal, "Expected ReLU or none for `activation`");
  if (!has_fast_way(x, weight) || x.numel() == 0)
    return activated(at::conv2d(x, weight, bias, stride, weight.size(2) / 2), activation);
  return Conv2d::apply(x, weight, if_defined(bias), stride, static_cast<int64_t>(activation));
}

at::Tensor deconv2x2(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias, Activation activation) {
  if (activation == Activation::kGelu) fail(ErrorCode::kInternal, "Expected ReLU or none for `activation`");
  if (!has_fast_way(x, weight) || x.numel() == 0) return activated(at::conv_transpose2d(x, weight, bias, 2), activation);
  return Deconv2x2::apply(x, weight, if_defined(bias), static_cast<int64_t>(activation));
}

}  // namespace mimdet::differentiable
