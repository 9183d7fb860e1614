#include "model/weight_source.h"

#include "base/error.h"

namespace mimdet {

WeightSource::WeightSource(const StateDict& weights, at::Device device, at::ScalarType dtype)
    : weights_(weights), device_(device), dtype_(dtype) {}

at::Tensor WeightSource::operator()(const std::string& name) const { return place(float32(name)); }

at::Tensor WeightSource::float32(const std::string& name) const {
  const auto found = weights_.find(name);
  if (found == weights_.end()) fail(ErrorCode::kWeights, "Expected a tensor for `" + name + "` but received none");
  return found->second.to(at::kFloat);
}

/// Always a copy: a model that looked into a mapped file would hold all of it in memory, and end with the process if somebody cut it short.
at::Tensor WeightSource::place(const at::Tensor& tensor) const {
  return tensor.to(device_, dtype_, /*non_blocking=*/false, /*copy=*/true).contiguous();
}

}  // namespace mimdet
