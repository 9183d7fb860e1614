#include "model/weight_source.h"

#include "base/error.h"
#include "weights/file_bytes.h"

namespace mimdet {

WeightSource::WeightSource(const StateDict& weights, at::Device device, at::ScalarType precision)
    : weights_(weights), device_(device), dtype_(layer_dtype(precision)), form_(weight_form(precision)) {}

at::Tensor WeightSource::operator()(const std::string& name) const {
  const at::Tensor stored = find(name);
  const at::Tensor placed = place(stored.to(at::kFloat));
  drop_pages(static_cast<const std::byte*>(stored.const_data_ptr()), stored.nbytes());  // of the file: it has been copied
  return placed;
}

at::Tensor WeightSource::float32(const std::string& name) const { return find(name).to(at::kFloat); }

const at::Tensor& WeightSource::find(const std::string& name) const {
  const auto found = weights_.find(name);
  if (found == weights_.end()) fail(ErrorCode::kWeights, "Expected a tensor for `" + name + "` but received none");
  return found->second;
}

/// Always a copy: a model that looked into a mapped file would hold all of it in memory, and end with the process if somebody cut
/// it short.
at::Tensor WeightSource::place(const at::Tensor& tensor) const {
  return tensor.to(device_, dtype_, /*non_blocking=*/false, /*copy=*/true).contiguous();
}

}  // namespace mimdet
