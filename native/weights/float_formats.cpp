// IEEE half and bfloat16 by their bits; no hardware support is assumed.
#include "weights/float_formats.h"

#include <bit>
#include <cstring>

namespace mimdet {
namespace {

template <class T>
T load(const std::byte* source, size_t index) {
  T value;
  std::memcpy(&value, source + index * sizeof(T), sizeof(T));
  return value;
}

// Blocks keep the inner loop free of branches, so that it vectorises: a gigabyte of weights is looked through at every load.
template <class Bits>
std::optional<size_t> find_exponent(const std::byte* data, size_t count, Bits exponent) {
  constexpr size_t kBlock = 4096;
  for (size_t begin = 0; begin < count; begin += kBlock) {
    const size_t end = begin + kBlock < count ? begin + kBlock : count;
    Bits hits = 0;
    for (size_t i = begin; i < end; ++i) hits |= static_cast<Bits>((load<Bits>(data, i) & exponent) == exponent);
    if (!hits) continue;
    for (size_t i = begin; i < end; ++i)
      if ((load<Bits>(data, i) & exponent) == exponent) return i;
  }
  return std::nullopt;
}

}  // namespace

float half_to_float(uint16_t half) {
  const uint32_t sign = static_cast<uint32_t>(half & 0x8000) << 16;
  const uint32_t exponent = (half >> 10) & 0x1f;
  const uint32_t mantissa = half & 0x3ff;
  if (exponent == 0x1f) return std::bit_cast<float>(sign | 0x7f800000 | mantissa << 13);
  if (exponent != 0) return std::bit_cast<float>(sign | (exponent + 112) << 23 | mantissa << 13);
  const float subnormal = static_cast<float>(mantissa) * 0x1p-24f;
  return sign ? -subnormal : subnormal;
}

uint16_t float_to_half(float value) {
  const uint32_t bits = std::bit_cast<uint32_t>(value);
  const uint16_t sign = static_cast<uint16_t>(bits >> 16 & 0x8000);
  const uint32_t magnitude = bits & 0x7fffffff;
  if (magnitude > 0x7f800000) return sign | 0x7e00;   // NaN
  if (magnitude >= 0x477ff000) return sign | 0x7c00;  // rounds to 65536 or more
  if (magnitude < 0x38800000) {                       // a subnormal half: let float addition round at 2^-24
    const uint32_t rounded = std::bit_cast<uint32_t>(std::bit_cast<float>(magnitude) + 0.5f);
    return sign | static_cast<uint16_t>(rounded - 0x3f000000);
  }
  const uint32_t odd = magnitude >> 13 & 1;
  return sign | static_cast<uint16_t>((magnitude - 0x38000000 + 0xfff + odd) >> 13);
}

float bfloat16_to_float(uint16_t bits) { return std::bit_cast<float>(static_cast<uint32_t>(bits) << 16); }

void widen_to_float(const std::byte* source, DType dtype, size_t count, float* target) {
  switch (dtype) {
    case DType::kFloat16:
      for (size_t i = 0; i < count; ++i) target[i] = half_to_float(load<uint16_t>(source, i));
      return;
    case DType::kBFloat16:
      for (size_t i = 0; i < count; ++i) target[i] = bfloat16_to_float(load<uint16_t>(source, i));
      return;
    case DType::kFloat64:
      for (size_t i = 0; i < count; ++i) target[i] = static_cast<float>(load<double>(source, i));
      return;
    default: std::memcpy(target, source, count * sizeof(float)); return;
  }
}

std::optional<size_t> find_non_finite(const NamedTensor& tensor) {
  const size_t count = tensor.bytes / dtype_size(tensor.dtype);
  switch (tensor.dtype) {
    case DType::kFloat32: return find_exponent<uint32_t>(tensor.data, count, 0x7f800000);
    case DType::kFloat16: return find_exponent<uint16_t>(tensor.data, count, 0x7c00);
    case DType::kBFloat16: return find_exponent<uint16_t>(tensor.data, count, 0x7f80);
    case DType::kFloat64: return find_exponent<uint64_t>(tensor.data, count, 0x7ff0000000000000);
    default: return std::nullopt;
  }
}

}  // namespace mimdet
