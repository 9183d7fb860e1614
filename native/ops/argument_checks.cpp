#include "ops/argument_checks.h"

#include <string>

namespace mimdet {
namespace {

bool matches(at::IntArrayRef sizes, at::IntArrayRef shape) {
  if (sizes.size() != shape.size()) return false;
  for (size_t i = 0; i < sizes.size(); ++i)
    if (shape[i] != -1 && shape[i] != sizes[i]) return false;
  return true;
}

std::string show(at::IntArrayRef shape) {
  std::string text = "(";
  for (size_t i = 0; i < shape.size(); ++i)
    text += (i ? ", " : "") + (shape[i] == -1 ? std::string("any") : std::to_string(shape[i]));
  return text + ")";
}

}  // namespace

void require_shape(const at::Tensor& tensor, const char* name, at::IntArrayRef shape) {
  if (!tensor.defined()) fail_expected(ErrorCode::kInvalidArgument, "a tensor of shape " + show(shape), name, "none");
  if (!matches(tensor.sizes(), shape))
    fail_expected(ErrorCode::kInvalidArgument, "shape " + show(shape), name, show(tensor.sizes()));
}

void require_floating(const at::Tensor& tensor, const char* name) {
  if (tensor.scalar_type() != at::kFloat && tensor.scalar_type() != at::kDouble)
    fail_expected(ErrorCode::kInvalidArgument, "float32 or float64", name, toString(tensor.scalar_type()));
}

}  // namespace mimdet
