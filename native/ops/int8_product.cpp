#include "ops/int8_product.h"

#include <ATen/Parallel.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/cpu/Utils.h>
#include <ATen/ops/amax.h>
#include <ATen/ops/aminmax.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/zeros.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <string_view>

#include "base/cpu_clones.h"

namespace mimdet {
namespace {

using Scalars = c10::List<std::optional<at::Scalar>>;
using Prepack = at::Tensor(at::Tensor, std::optional<c10::List<int64_t>>);
using Product = at::Tensor(at::Tensor, double, int64_t, at::Tensor, at::Tensor, at::Tensor, std::optional<at::Tensor>, double, int64_t,
                           std::optional<at::ScalarType>, std::string_view, Scalars, std::string_view);

template <class Signature>
auto find(const char* name) {
  return c10::Dispatcher::singleton().findSchemaOrThrow(name, "").typed<Signature>();
}

constexpr int64_t kGrain = 32768;

/// x = scale · (byte - zero): the least and the largest number become 0 and 255, and 0 a whole number.
struct Bytes {
  at::Tensor values;
  double scale;
  int64_t zero;
};

MIMDET_CPU_CLONES void round_to_bytes(const float* x, int64_t count, float factor, float zero, uint8_t* bytes) {
  for (int64_t i = 0; i < count; ++i) {
    const float value = std::nearbyintf(x[i] * factor + zero);
    bytes[i] = static_cast<uint8_t>(static_cast<int32_t>(value < 0 ? 0.f : value > 255 ? 255.f : value));
  }
}

Bytes as_bytes(const at::Tensor& x) {
  const auto [least, largest] = at::aminmax(x);
  const double low = std::min(0., least.item<double>()), high = std::max(0., largest.item<double>());
  const double scale = high > low ? (high - low) / 255 : 1;
  const auto zero = static_cast<int64_t>(std::nearbyint(-low / scale));
  Bytes bytes{at::empty(x.sizes(), x.options().dtype(at::kByte)), scale, zero};
  const float* from = x.const_data_ptr<float>();
  uint8_t* to = bytes.values.mutable_data_ptr<uint8_t>();
  at::parallel_for(0, x.numel(), kGrain, [&](int64_t begin, int64_t end) {
    round_to_bytes(from + begin, end - begin, static_cast<float>(1 / scale), static_cast<float>(zero), to + begin);
  });
  return bytes;
}

std::string_view name_of(Activation activation) {
  return activation == Activation::kRelu ? "relu" : activation == Activation::kGelu ? "gelu" : "none";
}

}  // namespace

bool Int8Product::supported() { return at::cpu::is_avx512_vnni_supported(); }

Int8Product::Int8Product(const at::Tensor& weight, const at::Tensor& bias, Activation activation)
    : scales_((weight.abs().amax(1) / 127).clamp_min(1e-12)),
      zero_points_(at::zeros({weight.size(0)}, at::kInt)),
      bias_(bias),
      activation_(activation) {
  static const auto prepack = find<Prepack>("onednn::qlinear_prepack");
  static const std::optional<c10::List<int64_t>> any_shape;
  weight_ = prepack.call(weight.div(scales_.unsqueeze(1)).round_().to(at::kChar), any_shape);
}

at::Tensor Int8Product::operator()(const at::Tensor& x) const {
  static const auto product = find<Product>("onednn::qlinear_pointwise");
  const Bytes bytes = as_bytes(x.contiguous());
  return product.call(bytes.values, bytes.scale, bytes.zero, weight_, scales_, zero_points_, bias_.defined() ? std::optional(bias_) : std::nullopt,
                      1., 0, at::kFloat, name_of(activation_), Scalars(), activation_ == Activation::kGelu ? "none" : "");
}

}  // namespace mimdet
