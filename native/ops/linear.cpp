#include "ops/linear.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/zeros.h>

#include "base/error.h"
#include "ops/activate.h"

namespace mimdet {

bool has_fast_kernels(const at::Tensor& tensor) {
  return tensor.device().is_cpu() && tensor.scalar_type() == at::kFloat && cpu::kernels();
}

at::Tensor padded_bias(const at::Tensor& bias, int64_t size) {
  if (!bias.defined()) return bias;
  at::Tensor padded = at::zeros({size}, bias.options());
  padded.slice(0, 0, bias.size(0)).copy_(bias);
  return padded;
}

PackedLinear::PackedLinear(const at::Tensor& weight, const at::Tensor& bias, Activation activation, WeightForm form)
    : in_(weight.size(1)), out_(weight.size(0)), activation_(activation) {
  if (form == WeightForm::kInt8) {
    int8_.emplace(weight, bias, activation);
    return;
  }
  if (has_fast_kernels(weight)) {
    matrix_ = PackedMatrix(weight, form);
    bias_ = padded_bias(bias, cpu::round_up(out_, cpu::kernels()->panel));
  } else {
    weight_ = weight;
    bias_ = bias;
  }
}

at::Tensor PackedLinear::operator()(const at::Tensor& x) const {
  if (int8_ && x.numel() > 0) return (*int8_)(x);
  if (!matrix_.defined() && !int8_) return activate(at::linear(x, weight_, bias_), activation_);
  auto sizes = x.sizes().vec();
  sizes.back() = out_;
  at::Tensor y = at::empty(sizes, x.options());
  if (matrix_.defined()) multiply(x, y, false);
  return y;
}

void PackedLinear::add_to(at::Tensor& sum, const at::Tensor& x) const {
  if (activation_ != Activation::kNone) fail(ErrorCode::kInternal, "Expected no activation for `add_to`");
  if (!matrix_.defined()) sum.add_((*this)(x));
  else multiply(x, sum, true);
}

void PackedLinear::multiply(const at::Tensor& x, at::Tensor& y, bool accumulate) const {
  if (x.size(-1) != in_ || !y.is_contiguous() || y.size(-1) != out_ || y.numel() / out_ != x.numel() / in_)
    fail_expected(ErrorCode::kInternal, "matching shapes", "x", std::to_string(x.size(-1)) + " features");
  const at::Tensor rows = x.contiguous();
  matrix_.share({.a = rows.const_data_ptr<float>(),
                 .a_stride = in_,
                 .bias = bias_.defined() ? bias_.const_data_ptr<float>() : nullptr,
                 .c = y.mutable_data_ptr<float>(),
                 .c_stride = out_,
                 .rows = rows.numel() / in_,
                 .activation = activation_,
                 .accumulate = accumulate});
}

}  // namespace mimdet
