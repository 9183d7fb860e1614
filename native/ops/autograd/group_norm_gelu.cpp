#include "ops/autograd/group_norm_gelu.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/gelu.h>
#include <ATen/ops/group_norm.h>
#include <torch/csrc/autograd/custom_function.h>

#include <cmath>
#include <vector>

#include "ops/autograd/fast_way.h"
#include "ops/cpu/moments.h"
#include "ops/cpu/norm_passes.h"

namespace mimdet::differentiable {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

constexpr auto kChannelsLast = at::MemoryFormat::ChannelsLast;

/// One picture's norm as numbers of each channel.
struct Picture {
  std::vector<float> centre, scale, shift;
  double deviation;  // √(variance + eps)

  Picture(const cpu::Moments& moments, const at::Tensor& weight, const at::Tensor& bias, double eps)
      : centre(weight.size(0), static_cast<float>(moments.mean)),
        scale(weight.size(0)),
        shift(weight.size(0)),
        deviation(std::sqrt(moments.squares / moments.count + eps)) {
    for (size_t c = 0; c < scale.size(); ++c) {
      const double factor = weight.const_data_ptr<float>()[c] / deviation;
      scale[c] = static_cast<float>(factor);
      shift[c] = static_cast<float>(bias.const_data_ptr<float>()[c] - (moments.mean - centre[c]) * factor);
    }
  }

  cpu::NormRows rows(const float* x, int64_t count) const {
    return {x, count, static_cast<int64_t>(scale.size()), centre.data(), scale.data(), shift.data(), Activation::kGelu};
  }
};

class GroupNormGelu : public torch::autograd::Function<GroupNormGelu> {
 public:
  static at::Tensor forward(AutogradContext* context, const at::Tensor& x, const at::Tensor& scale, const at::Tensor& shift,
                            double eps) {
    const at::Tensor pixels = x.contiguous(kChannelsLast), weight = scale.contiguous(), bias = shift.contiguous();
    at::Tensor y = at::empty_like(pixels), statistics = at::empty({x.size(0), 2}, at::kDouble);
    const int64_t rows = x.size(2) * x.size(3), size = rows * x.size(1);
    for (int64_t i = 0; i < x.size(0); ++i) {
      const float* from = pixels.const_data_ptr<float>() + i * size;
      const cpu::Moments moments = cpu::moments_of(*cpu::kernels(), from, size);
      double* kept = statistics.mutable_data_ptr<double>() + 2 * i;
      kept[0] = moments.mean;
      kept[1] = moments.squares;
      cpu::normalize_all(*cpu::kernels(), Picture(moments, weight, bias, eps).rows(from, rows),
                         y.mutable_data_ptr<float>() + i * size);
    }
    context->saved_data["eps"] = eps;
    context->save_for_backward({pixels, weight, bias, statistics});
    return y;
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const variable_list saved = context->get_saved_variables();
    const at::Tensor &x = saved[0], dy = gradients[0].contiguous(kChannelsLast);
    at::Tensor dx = at::empty_like(x);
    const int64_t size = x.numel() / x.size(0);
    std::vector<double> dscale(x.size(1)), dshift(x.size(1));
    for (int64_t i = 0; i < x.size(0); ++i) {
      const double* kept = saved[3].const_data_ptr<double>() + 2 * i;
      const Picture picture({kept[0], kept[1], size}, saved[1], saved[2], context->saved_data["eps"].toDouble());
      const auto rows = picture.rows(x.const_data_ptr<float>() + i * size, x.size(2) * x.size(3));
      picture_gradient(picture, rows, saved[1].const_data_ptr<float>(), dy.const_data_ptr<float>() + i * size,
                       dx.mutable_data_ptr<float>() + i * size, dscale, dshift);
    }
    return {dx, float_tensor(dscale, x), float_tensor(dshift, x), {}};
  }

 private:
  /// dx = (w · g - mean(w · g) - x̂ · mean(w · g · x̂)) / deviation, the means over all channels and pixels, x̂ = (x - centre) /
  /// deviation.
  static void picture_gradient(const Picture& picture, const cpu::NormRows& rows, const float* weight, const float* dy, float* dx,
                               std::vector<double>& dscale, std::vector<double>& dshift) {
    const cpu::ColumnSums sums = cpu::all_norm_gradients(*cpu::kernels(), rows, dy, dx);
    double gradient = 0, product = 0;
    for (int64_t c = 0; c < rows.channels; ++c) {
      dscale[c] += sums.products[c] / picture.deviation;
      dshift[c] += sums.gradients[c];
      gradient += weight[c] * sums.gradients[c];
      product += weight[c] * sums.products[c] / picture.deviation;
    }
    const double count = static_cast<double>(rows.rows) * rows.channels, deviation = picture.deviation;
    const std::vector<float> on_distance(rows.channels, static_cast<float>(-product / count / (deviation * deviation)));
    const std::vector<float> offset(rows.channels, static_cast<float>(-gradient / count / deviation));
    cpu::all_gradients_to_input(*cpu::kernels(), rows, dx, picture.scale.data(), on_distance.data(), offset.data());
  }
};

}  // namespace

at::Tensor group_norm_gelu(const at::Tensor& x, const at::Tensor& scale, const at::Tensor& shift, double eps) {
  if (!has_fast_way(x, scale) || x.numel() == 0) return at::gelu(at::group_norm(x, 1, scale, shift, eps));
  return GroupNormGelu::apply(x, scale, shift, eps);
}

}  // namespace mimdet::differentiable
