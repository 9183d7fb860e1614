// Reference tensors by name, and inputs made from a seed.
#pragma once

#include <ATen/core/Tensor.h>

#include <map>
#include <string>

namespace mimdet::test {

/// All tensors of a safetensors file below the reference data, "micro/train/roi_align_grad.safetensors".
std::map<std::string, at::Tensor> stored_tensors(const std::string& name);

/// Uniform in [low, high), the same for the same seed.
at::Tensor random_tensor(at::IntArrayRef shape, double low, double high, uint64_t seed, at::ScalarType type = at::kFloat);

/// (count, 4) boxes within `extent` pixels, sides up to a third of it.
at::Tensor random_boxes(int64_t count, double extent, uint64_t seed, at::ScalarType type = at::kFloat);

/// ‖actual − expected‖ / ‖expected‖, in float64; the norm itself where the expected one is 0.
double relative_error(const at::Tensor& actual, const at::Tensor& expected);

}  // namespace mimdet::test
