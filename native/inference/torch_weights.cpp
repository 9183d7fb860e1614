#include "inference/torch_weights.h"

#include <ATen/ops/empty.h>

#include <cstring>

#include "base/error.h"

namespace mimdet {
namespace {

at::ScalarType scalar_type(const NamedTensor& tensor) {
  switch (tensor.dtype) {
    case DType::kFloat32: return at::kFloat;
    case DType::kFloat16: return at::kHalf;
    case DType::kBFloat16: return at::kBFloat16;
    case DType::kFloat64: return at::kDouble;
    default: break;
  }
  fail_expected(ErrorCode::kWeights, "floating-point numbers", tensor.name, dtype_name(tensor.dtype));
}

}  // namespace

StateDict to_state_dict(const std::vector<NamedTensor>& tensors) {
  StateDict weights;
  for (const NamedTensor& tensor : tensors) {
    const at::Tensor copy = at::empty(tensor.shape, at::TensorOptions(scalar_type(tensor)));
    if (tensor.bytes > 0) std::memcpy(copy.mutable_data_ptr(), tensor.data, tensor.bytes);
    weights.emplace(tensor.name, copy);
  }
  return weights;
}

}  // namespace mimdet
