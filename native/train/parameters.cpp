#include "train/parameters.h"

#include "base/error.h"

namespace mimdet {
namespace {

const at::Tensor& find(const StateDict& weights, const ExpectedTensor& expected) {
  const auto found = weights.find(expected.name);
  if (found == weights.end()) fail_expected(ErrorCode::kWeights, "a tensor", expected.name, "none");
  if (found->second.sizes() != at::IntArrayRef(expected.shape))
    fail_expected(ErrorCode::kWeights, "the shape " + show_shape(expected.shape), expected.name, show_shape(found->second.sizes().vec()));
  return found->second;
}

}  // namespace

Parameters::Parameters(const ModelConfig& config, const StateDict& weights, at::Device device) {
  for (ExpectedTensor& expected : expected_tensors(config)) {
    at::Tensor value = find(weights, expected).detach().to(device, at::kFloat, /*non_blocking=*/false, /*copy=*/true).contiguous();
    value.set_requires_grad(expected.role == TensorRole::kParameter);
    places_.emplace(expected.name, tensors_.size());
    tensors_.push_back({std::move(expected.name), expected.role, std::move(value)});
  }
}

const at::Tensor& Parameters::operator[](const std::string& name) const {
  const auto found = places_.find(name);
  if (found == places_.end()) fail_expected(ErrorCode::kWeights, "a tensor", name, "none");
  return tensors_[found->second].value;
}

std::vector<TrainingTensor> Parameters::trainable() const {
  std::vector<TrainingTensor> trained;
  for (const TrainingTensor& tensor : tensors_)
    if (tensor.role == TensorRole::kParameter) trained.push_back(tensor);
  return trained;
}

std::vector<at::Tensor> Parameters::trainable_under(const std::string& prefix) const {
  std::vector<at::Tensor> trained;
  for (const TrainingTensor& tensor : tensors_)
    if (tensor.role == TensorRole::kParameter && tensor.name.starts_with(prefix)) trained.push_back(tensor.value);
  return trained;
}

void Parameters::freeze(const std::string& name) {
  const auto found = places_.find(name);
  if (found == places_.end()) fail_expected(ErrorCode::kWeights, "a tensor", name, "none");
  TrainingTensor& tensor = tensors_[found->second];
  if (tensor.role != TensorRole::kParameter) return;
  tensor.role = TensorRole::kFrozen;
  tensor.value.set_requires_grad(false);
}

void Parameters::clear_gradients() const {
  for (const TrainingTensor& tensor : tensors_)
    if (tensor.role == TensorRole::kParameter) tensor.value.mutable_grad().reset();
}

StateDict Parameters::state() const {
  StateDict state;
  for (const TrainingTensor& tensor : tensors_) state.emplace(tensor.name, tensor.value.detach());
  return state;
}

}  // namespace mimdet
