#include "ops/conv2d.h"

#include <ATen/ops/conv2d.h>
#include <ATen/ops/conv_transpose2d.h>
#include <ATen/ops/empty.h>

#include <algorithm>

#include "base/error.h"
#include "ops/activate.h"
#include "ops/cpu/pack.h"
#include "ops/cpu/patches.h"
#include "ops/cpu/share.h"
#include "ops/cpu/winograd.h"
#include "ops/linear.h"

namespace mimdet {
namespace {

constexpr auto kChannelsLast = at::MemoryFormat::ChannelsLast;

at::Tensor packed_for_winograd(const at::Tensor& weight) {
  const cpu::Kernels& k = *cpu::kernels();
  at::Tensor result = at::empty({36 * cpu::packed_size(k.panel, weight.size(0), weight.size(1))}, weight.options());
  cpu::pack_winograd(k, weight.contiguous().const_data_ptr<float>(), weight.size(0), weight.size(1), result.mutable_data_ptr<float>());
  return result;
}

/// Convolutions in half the precision, by a processor that has instructions for it, are two to three times as quick so.
at::Tensor as_libtorch_likes(const at::Tensor& x) {
  const bool half = x.scalar_type() == at::kBFloat16 || x.scalar_type() == at::kHalf;
  return x.device().is_cpu() && half ? x.contiguous(kChannelsLast) : x;
}

const float* data_or_null(const at::Tensor& tensor) { return tensor.defined() ? tensor.const_data_ptr<float>() : nullptr; }

}  // namespace

PackedConv2d::PackedConv2d(const at::Tensor& weight, const at::Tensor& bias, int64_t stride, Activation activation, WeightForm form)
    : in_(weight.size(1)), out_(weight.size(0)), kernel_(weight.size(2)), stride_(stride), activation_(activation), way_(Way::kLibTorch), weight_(as_libtorch_likes(weight)), bias_(bias) {
  if (!has_fast_kernels(weight)) return;
  const cpu::Kernels& k = *cpu::kernels();
  if (kernel_ > 1 && stride > 1 && in_ % k.lanes != 0) return;  // a stem's first: rows of few numbers, which laying out costs more than multiplying
  const bool winograd = kernel_ == 3 && stride == 1 && activation != Activation::kGelu && cpu::winograd_fits(k, in_, out_);
  way_ = winograd ? Way::kWinograd : kernel_ == 1 && stride == 1 ? Way::kMatrix : Way::kPatches;
  weight_ = winograd ? packed_for_winograd(weight) : at::Tensor();
  if (!winograd) matrix_ = PackedMatrix(weight.permute({0, 2, 3, 1}).reshape({out_, kernel_ * kernel_ * in_}), form);
  bias_ = padded_bias(bias, cpu::round_up(out_, k.panel));
}

at::Tensor PackedConv2d::operator()(const at::Tensor& x) const {
  if (x.dim() != 4 || x.size(1) != in_) fail_expected(ErrorCode::kInternal, std::to_string(in_) + " channels", "x", std::to_string(x.size(1)));
  if (way_ == Way::kLibTorch) return activate(by_libtorch(x), activation_);
  at::Tensor y = empty_result(x);
  if (y.numel() == 0) return y;
  const at::Tensor pixels = x.contiguous(kChannelsLast);
  if (way_ == Way::kWinograd) by_winograd(pixels, y);
  else if (way_ == Way::kMatrix) by_matrix(pixels, y, false);
  else by_patches(pixels, y);
  return y;
}

void PackedConv2d::add_to(at::Tensor& sum, const at::Tensor& x) const {
  if (kernel_ != 1 || stride_ != 1 || activation_ != Activation::kNone) fail(ErrorCode::kInternal, "Expected a plain 1×1 convolution for `add_to`");
  if (way_ == Way::kLibTorch || !sum.is_contiguous(kChannelsLast)) sum.add_((*this)(x));
  else by_matrix(x.contiguous(kChannelsLast), sum, true);
}

at::Tensor PackedConv2d::empty_result(const at::Tensor& x) const {
  const auto shrunk = [&](int64_t side) { return (side + stride_ - 1) / stride_; };
  return at::empty({x.size(0), out_, shrunk(x.size(2)), shrunk(x.size(3))}, x.options().memory_format(kChannelsLast));
}

at::Tensor PackedConv2d::by_libtorch(const at::Tensor& x) const {
  return at::conv2d(as_libtorch_likes(x), weight_, bias_, stride_, kernel_ / 2);
}

void PackedConv2d::by_matrix(const at::Tensor& x, at::Tensor& y, bool accumulate) const {
  matrix_.share({.a = x.const_data_ptr<float>(),
                 .a_stride = in_,
                 .bias = data_or_null(bias_),
                 .c = y.mutable_data_ptr<float>(),
                 .c_stride = out_,
                 .rows = x.size(0) * x.size(2) * x.size(3),
                 .activation = activation_,
                 .accumulate = accumulate});
}

void PackedConv2d::by_patches(const at::Tensor& x, at::Tensor& y) const {
  const int64_t height = x.size(2), width = x.size(3), rows = y.size(2), columns = y.size(3), depth = kernel_ * kernel_ * in_;
  const int64_t pixels = x.size(0) * rows * columns, at_a_time = matrix_.rows_at_a_time();
  const float* from = x.const_data_ptr<float>();
  float* to = y.mutable_data_ptr<float>();
  cpu::share((pixels + at_a_time - 1) / at_a_time, [&](cpu::Pieces& pieces) {
    const at::Tensor patches = at::empty({at_a_time, depth}, x.options().memory_format(at::MemoryFormat::Contiguous));
    for (int64_t piece; pieces.take(piece);) {
      const int64_t first = piece * at_a_time, count = std::min(at_a_time, pixels - first);
      for (int64_t i = 0; i < count; ++i) {
        const int64_t pixel = first + i, picture = pixel / (rows * columns);
        cpu::lay_out_patch(from + picture * height * width * in_, height, width, in_, pixel / columns % rows * stride_ - kernel_ / 2,
                           pixel % columns * stride_ - kernel_ / 2, kernel_, patches.mutable_data_ptr<float>() + i * depth);
      }
      matrix_.multiply({.a = patches.const_data_ptr<float>(),
                        .a_stride = depth,
                        .bias = data_or_null(bias_),
                        .c = to + first * out_,
                        .c_stride = out_,
                        .rows = count,
                        .activation = activation_});
    }
  });
}

void PackedConv2d::by_winograd(const at::Tensor& x, at::Tensor& y) const {
  cpu::winograd_convolution(*cpu::kernels(), {.x = x.const_data_ptr<float>(),
                                              .weight = weight_.const_data_ptr<float>(),
                                              .bias = data_or_null(bias_),
                                              .y = y.mutable_data_ptr<float>(),
                                              .pictures = x.size(0),
                                              .height = x.size(2),
                                              .width = x.size(3),
                                              .in = in_,
                                              .out = out_,
                                              .relu = activation_ == Activation::kRelu});
}

PackedDeconv2x2::PackedDeconv2x2(const at::Tensor& weight, const at::Tensor& bias, Activation activation)
    : in_(weight.size(0)), out_(weight.size(1)), activation_(activation), weight_(weight), bias_(bias) {
  if (!has_fast_kernels(weight)) return;
  const at::Tensor rows = weight.permute({2, 3, 1, 0});  // (dy, dx, out, in)
  for (int64_t dy = 0; dy < 2; ++dy) rows_[dy] = PackedMatrix(rows[dy].reshape({2 * out_, in_}), WeightForm::kAsGiven);
  weight_.reset();
  if (bias.defined()) bias_ = padded_bias(bias.repeat({2}), cpu::round_up(2 * out_, cpu::kernels()->panel));
}

at::Tensor PackedDeconv2x2::operator()(const at::Tensor& x) const {
  if (!rows_[0].defined()) return activate(at::conv_transpose2d(x, weight_, bias_, 2), activation_);
  const int64_t rows = x.size(0) * x.size(2), width = x.size(3);
  at::Tensor y = at::empty({x.size(0), out_, 2 * x.size(2), 2 * width}, x.options().memory_format(kChannelsLast));
  const at::Tensor pixels = x.contiguous(kChannelsLast);
  const float* from = pixels.const_data_ptr<float>();
  float* to = y.mutable_data_ptr<float>();
  cpu::share(rows, [&](cpu::Pieces& pieces) {
    for (int64_t row; pieces.take(row);)
      for (int64_t dy = 0; dy < 2; ++dy)  // one row of pixels gives two: of each, both neighbours at once
        rows_[dy].multiply({.a = from + row * width * in_,
                            .a_stride = in_,
                            .bias = data_or_null(bias_),
                            .c = to + (2 * row + dy) * 2 * width * out_,
                            .c_stride = 2 * out_,
                            .rows = width,
                            .activation = activation_});
  });
  return y;
}

}  // namespace mimdet
