#include "ops/autograd/batch_norm.h"

#include <ATen/ops/batch_norm.h>
#include <ATen/ops/empty_like.h>
#include <torch/csrc/autograd/custom_function.h>

#include <cmath>
#include <vector>

#include "base/error.h"
#include "ops/autograd/fast_way.h"
#include "ops/cpu/norm_passes.h"

namespace mimdet::differentiable {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

constexpr auto kChannelsLast = at::MemoryFormat::ChannelsLast;

/// What a channel is multiplied with and moved by, in the order in which it is kept for the gradient.
struct Affine {
  at::Tensor centre, scale, shift;  // (C)
};

/// The mean is taken off as it is rounded; what the rounding left goes into the shift.
Affine affine_of(const cpu::ColumnMoments& moments, int64_t count, const at::Tensor& weight, const at::Tensor& bias, double eps) {
  const int64_t channels = weight.size(0);
  std::vector<double> scale(channels), shift(channels);
  for (int64_t c = 0; c < channels; ++c) {
    scale[c] = weight.const_data_ptr<float>()[c] / std::sqrt(moments.squares[c] / count + eps);
    shift[c] = bias.const_data_ptr<float>()[c] - (moments.means[c] - static_cast<float>(moments.means[c])) * scale[c];
  }
  return {float_tensor(moments.means, weight), float_tensor(scale, weight), float_tensor(shift, weight)};
}

void move_statistics(const cpu::ColumnMoments& moments, int64_t count, at::Tensor& running_mean, at::Tensor& running_var,
                     double momentum) {
  float *mean = running_mean.mutable_data_ptr<float>(), *var = running_var.mutable_data_ptr<float>();
  for (int64_t c = 0; c < running_mean.size(0); ++c) {
    mean[c] = static_cast<float>((1 - momentum) * mean[c] + momentum * moments.means[c]);
    var[c] = static_cast<float>((1 - momentum) * var[c] + momentum * (moments.squares[c] / (count - 1)));
  }
}

cpu::NormRows rows_of(const at::Tensor& x, const Affine& affine, Activation activation) {
  return {x.const_data_ptr<float>(),
          x.numel() / x.size(1),
          x.size(1),
          affine.centre.const_data_ptr<float>(),
          affine.scale.const_data_ptr<float>(),
          affine.shift.const_data_ptr<float>(),
          activation};
}

class BatchNorm : public torch::autograd::Function<BatchNorm> {
 public:
  static at::Tensor forward(AutogradContext* context, const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias,
                            OptionalTensor running_mean, OptionalTensor running_var, double momentum, double eps,
                            int64_t activation) {
    const cpu::Kernels& k = *cpu::kernels();
    const at::Tensor pixels = x.contiguous(kChannelsLast);
    const int64_t count = x.numel() / x.size(1);
    const cpu::ColumnMoments moments = cpu::all_column_moments(k, pixels.const_data_ptr<float>(), count, x.size(1));
    if (running_mean) move_statistics(moments, count, *running_mean, *running_var, momentum);
    const Affine affine = affine_of(moments, count, weight.contiguous(), bias.contiguous(), eps);
    at::Tensor y = at::empty_like(pixels);
    cpu::normalize_all(k, rows_of(pixels, affine, static_cast<Activation>(activation)), y.mutable_data_ptr<float>());
    std::vector<double> deviations(moments.squares);
    for (double& value : deviations) value = std::sqrt(value / count + eps);
    context->saved_data["activation"] = activation;
    context->save_for_backward({pixels, affine.centre, affine.scale, affine.shift, float_tensor(deviations, weight)});
    return y;
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const variable_list saved = context->get_saved_variables();
    const cpu::Kernels& k = *cpu::kernels();
    const at::Tensor &x = saved[0], dy = gradients[0].contiguous(kChannelsLast), &scale = saved[2], &deviation = saved[4];
    const cpu::NormRows rows =
        rows_of(x, {saved[1], scale, saved[3]}, static_cast<Activation>(context->saved_data["activation"].toInt()));
    at::Tensor g = at::empty_like(x);
    cpu::ColumnSums sums = cpu::all_norm_gradients(k, rows, dy.const_data_ptr<float>(), g.mutable_data_ptr<float>());
    // dx = scale · (g - mean(g) - x̂ · mean(g · x̂)), x̂ = (x - centre) / deviation
    std::vector<float> on_distance(rows.channels), offset(rows.channels);
    for (int64_t c = 0; c < rows.channels; ++c) {
      const double factor = scale.const_data_ptr<float>()[c], spread = deviation.const_data_ptr<float>()[c];
      on_distance[c] = static_cast<float>(-factor * sums.products[c] / (spread * spread * rows.rows));
      offset[c] = static_cast<float>(-factor * sums.gradients[c] / rows.rows);
      sums.products[c] /= spread;
    }
    const at::Tensor dweight = float_tensor(sums.products, scale), dbias = float_tensor(sums.gradients, scale);
    if (context->needs_input_grad(0))
      cpu::all_gradients_to_input(k, rows, g.mutable_data_ptr<float>(), scale.const_data_ptr<float>(), on_distance.data(),
                                  offset.data());
    return {g, dweight, dbias, {}, {}, {}, {}, {}};
  }
};

}  // namespace

at::Tensor batch_norm(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias, at::Tensor running_mean,
                      at::Tensor running_var, double momentum, double eps, Activation activation) {
  if (x.dim() != 4 || x.size(1) != weight.size(0))
    fail_expected(ErrorCode::kInternal, std::to_string(weight.size(0)) + " channels", "x", std::to_string(x.size(1)));
  if (x.numel() == 0)
    return activated(x * weight.view({-1, 1, 1}) + bias.view({-1, 1, 1}),
                     activation);  // nothing, with a way for gradients of zero
  if (!has_fast_way(x, weight) || (running_mean.defined() && !(running_mean.is_contiguous() && running_var.is_contiguous())))
    return activated(at::batch_norm(x, weight, bias, running_mean, running_var, true, momentum, eps, true), activation);
  return BatchNorm::apply(x, weight, bias, if_defined(running_mean), if_defined(running_var), momentum, eps,
                          static_cast<int64_t>(activation));
}

}  // namespace mimdet::differentiable
