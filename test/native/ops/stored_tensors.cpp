#include "ops/stored_tensors.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/from_blob.h>

#include <random>

#include "check.h"
#include "weights/safetensors.h"

namespace mimdet::test {
namespace {

at::ScalarType scalar_type(DType dtype) {
  switch (dtype) {
    case DType::kFloat32: return at::kFloat;
    case DType::kFloat64: return at::kDouble;
    case DType::kInt64: return at::kLong;
    case DType::kBool: return at::kBool;
    default: fail(ErrorCode::kInternal, "unexpected type in reference data");
  }
}

at::Tensor to_tensor(const NamedTensor& stored) {
  return at::from_blob(const_cast<std::byte*>(stored.data), stored.shape, at::TensorOptions(scalar_type(stored.dtype))).clone();
}

}  // namespace

std::map<std::string, at::Tensor> stored_tensors(const std::string& name) {
  const size_t slash = name.rfind('/');
  std::map<std::string, at::Tensor> tensors;
  for (const NamedTensor& stored : read_safetensors(golden(name.substr(0, slash)) + name.substr(slash)).tensors)
    tensors.emplace(stored.name, to_tensor(stored));
  return tensors;
}

at::Tensor random_tensor(at::IntArrayRef shape, double low, double high, uint64_t seed, at::ScalarType type) {
  std::mt19937_64 random(seed);
  std::uniform_real_distribution<double> uniform(low, high);
  const at::Tensor values = at::empty(shape, at::kDouble);
  for (int64_t i = 0; i < values.numel(); ++i) values.data_ptr<double>()[i] = uniform(random);
  return values.to(type);
}

at::Tensor random_boxes(int64_t count, double extent, uint64_t seed, at::ScalarType type) {
  const at::Tensor corners = random_tensor({count, 2}, 0, extent * 2 / 3, seed, at::kDouble);
  const at::Tensor sides = random_tensor({count, 2}, 0, extent / 3, seed + 1, at::kDouble);
  return at::cat({corners, corners + sides}, 1).to(type);
}

double relative_error(const at::Tensor& actual, const at::Tensor& expected) {
  const double scale = expected.to(at::kDouble).norm().item<double>();
  return (actual.to(at::kDouble) - expected.to(at::kDouble)).norm().item<double>() / (scale > 0 ? scale : 1.0);
}

}  // namespace mimdet::test
