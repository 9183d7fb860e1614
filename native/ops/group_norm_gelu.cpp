#include "ops/group_norm_gelu.h"

#include <ATen/Parallel.h>
#include <ATen/TensorOperators.h>
#include <ATen/ops/addcmul.h>
#include <ATen/ops/gelu.h>
#include <ATen/ops/group_norm.h>
#include <ATen/ops/mean.h>
#include <ATen/ops/rsqrt.h>
#include <ATen/ops/var_mean.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "ops/cpu/kernels.h"
#include "ops/cpu/moments.h"
#include "ops/linear.h"

namespace mimdet {
namespace {

void normalize(const cpu::Kernels& k, float* x, int64_t pixels, const at::Tensor& scale, const at::Tensor& shift, double eps) {
  const int64_t channels = scale.size(0);
  const cpu::Moments moments = cpu::moments_of(k, x, pixels * channels);
  const float centre = static_cast<float>(moments.mean);  // taken off first: a mean far from zero must cost no digits
  const double factor = 1 / std::sqrt(moments.squares / moments.count + eps);
  std::vector<float> scales(channels), shifts(channels);
  for (int64_t c = 0; c < channels; ++c) {
    const double full = scale.const_data_ptr<float>()[c] * factor;
    scales[c] = static_cast<float>(full);
    shifts[c] = static_cast<float>(shift.const_data_ptr<float>()[c] - (moments.mean - centre) * full);
  }
  at::parallel_for(0, pixels, std::max<int64_t>(1, 65536 / channels), [&](int64_t begin, int64_t end) {
    k.affine_gelu(x + begin * channels, centre, scales.data(), shifts.data(), end - begin, channels);
  });
}

}  // namespace

at::Tensor group_norm_gelu(const at::Tensor& x, const at::Tensor& scale, const at::Tensor& shift, double eps) {
  if (!has_fast_kernels(x) || x.numel() == 0) return group_norm_gelu_composite(x, scale, shift, eps);
  const at::Tensor y = x.contiguous(at::MemoryFormat::ChannelsLast);
  const int64_t pixels = x.size(2) * x.size(3);
  for (int64_t i = 0; i < x.size(0); ++i)
    normalize(*cpu::kernels(), y.mutable_data_ptr<float>() + i * pixels * x.size(1), pixels, scale.contiguous(), shift.contiguous(), eps);
  return y;
}

at::Tensor group_norm_gelu_composite(const at::Tensor& x, const at::Tensor& scale, const at::Tensor& shift, double eps) {
  if (!x.is_cpu()) return group_norm_gelu_by_sums(x, scale, shift, eps);
  at::Tensor y = at::group_norm(x, 1, scale, shift, eps);
  return at::gelu_(y);
}

at::Tensor group_norm_gelu_by_sums(const at::Tensor& x, const at::Tensor& scale, const at::Tensor& shift, double eps) {
  const at::ScalarType type = x.scalar_type() == at::kDouble ? at::kDouble : at::kFloat;
  const auto of_channels = [type](const at::Tensor& values) { return values.to(type).view({1, -1, 1, 1}); };
  const std::array<int64_t, 3> all = {1, 2, 3};
  const at::Tensor centre = at::mean(x, all, /*keepdim=*/true, type), centred = x.to(type) - centre;  // a mean far from zero costs no digits
  const auto [variance, mean] = at::var_mean(centred, all, /*unbiased=*/false, /*keepdim=*/true);
  const at::Tensor factor = at::rsqrt(variance + eps) * of_channels(scale);
  const at::Tensor y = at::addcmul(of_channels(shift) - mean * factor, centred, factor);
  return at::gelu(y).to(x.scalar_type());
}

}  // namespace mimdet
