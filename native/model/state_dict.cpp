#include "model/state_dict.h"

#include <ATen/ops/from_blob.h>

#include "base/error.h"

namespace mimdet {
namespace {

at::ScalarType scalar_type(DType dtype) {
  switch (dtype) {
    case DType::kFloat32: return at::kFloat;
    case DType::kFloat16: return at::kHalf;
    case DType::kBFloat16: return at::kBFloat16;
    case DType::kFloat64: return at::kDouble;
    case DType::kInt64: return at::kLong;
    case DType::kInt32: return at::kInt;
    case DType::kInt16: return at::kShort;
    case DType::kInt8: return at::kChar;
    case DType::kUInt8: return at::kByte;
    case DType::kBool: return at::kBool;
  }
  fail(ErrorCode::kInternal, "a dtype without a LibTorch type");
}

}  // namespace

at::Tensor as_tensor(const NamedTensor& tensor) {
  void* data = const_cast<std::byte*>(tensor.data);  // from_blob wants it so; see the header
  return at::from_blob(data, tensor.shape, [owner = tensor.owner](void*) {}, at::TensorOptions(scalar_type(tensor.dtype)));
}

NamedTensor as_named_tensor(std::string name, const at::Tensor& tensor) {
  const auto held = std::make_shared<at::Tensor>(tensor.detach().to(at::kCPU).contiguous());
  const bool whole_numbers = held->scalar_type() == at::kLong;
  if (!whole_numbers && held->scalar_type() != at::kFloat) fail(ErrorCode::kInternal, "a tensor that files do not have: " + name);
  return {std::move(name), whole_numbers ? DType::kInt64 : DType::kFloat32, held->sizes().vec(),
          static_cast<const std::byte*>(held->const_data_ptr()), held->nbytes(), held};
}

StateDict as_state_dict(const std::vector<NamedTensor>& tensors) {
  StateDict state;
  for (const NamedTensor& tensor : tensors) state.emplace(tensor.name, as_tensor(tensor));
  return state;
}

}  // namespace mimdet
