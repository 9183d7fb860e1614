// See training_state.h.
#include "train/training_state.h"

#include <ATen/ops/empty.h>
#include <c10/core/GradMode.h>

#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "base/error.h"
#include "model/state_dict.h"

namespace mimdet {
namespace {

using NamedParts = std::vector<std::pair<std::string, at::Tensor>>;

constexpr const char* kSteps = "optimizer.steps";  // of each parameter

/// The one list of what a run remembers, but for the counts of steps.
NamedParts parts_of(const TrainingState& state) {
  NamedParts parts;
  for (const TrainingTensor& tensor : state.parameters.tensors()) parts.emplace_back("weights." + tensor.name, tensor.value);
  for (const OptimizerEntry& entry : state.optimizer.entries()) {
    parts.emplace_back("first." + entry.name, entry.first);
    parts.emplace_back("second." + entry.name, entry.second);
  }
  if (!state.average) return parts;
  for (const TrainingTensor& tensor : state.parameters.tensors())
    if (const auto found = state.average->tensors().find(tensor.name); found != state.average->tensors().end())
      parts.emplace_back("average." + tensor.name, found->second);
  return parts;
}

at::Tensor steps_of(const AdamW& optimizer) {
  const at::Tensor steps = at::empty({std::ssize(optimizer.entries())}, at::kLong);
  int64_t* at = steps.mutable_data_ptr<int64_t>();
  for (const OptimizerEntry& entry : optimizer.entries()) *at++ = entry.steps;
  return steps;
}

using Found = std::unordered_map<std::string_view, const NamedTensor*>;

void check(const std::string& name, const std::vector<int64_t>& shape, DType dtype, const Found& found) {
  const auto place = found.find(name);
  if (place == found.end()) fail_expected(ErrorCode::kWeights, "a tensor in the checkpoint", name, "none");
  const NamedTensor& tensor = *place->second;
  if (tensor.shape != shape || tensor.dtype != dtype)
    fail_expected(ErrorCode::kWeights, std::string(dtype_name(dtype)) + " of shape " + show_shape(shape), name,
                  std::string(dtype_name(tensor.dtype)) + " of shape " + show_shape(tensor.shape));
}

void check_all(const NamedParts& parts, int64_t entries, const std::vector<NamedTensor>& tensors, const Found& found) {
  for (const auto& [name, part] : parts) check(name, part.sizes().vec(), DType::kFloat32, found);
  check(kSteps, {entries}, DType::kInt64, found);
  if (tensors.size() != parts.size() + 1)
    fail_expected(ErrorCode::kWeights, std::to_string(parts.size() + 1) + " tensors", "checkpoint", std::to_string(tensors.size()));
}

/// A parameter has been updated at most once a step; less than never would divide by zero.
void check_counts(std::span<const int64_t> updates, int64_t steps_done) {
  for (const int64_t count : updates)
    if (count < 0 || count > steps_done)
      fail_expected(ErrorCode::kWeights, "from 0 to " + std::to_string(steps_done) + " updates of a parameter", kSteps, std::to_string(count));
}

}  // namespace

std::vector<NamedTensor> stored_tensors(const TrainingState& state) {
  std::vector<NamedTensor> tensors;
  for (const auto& [name, part] : parts_of(state)) tensors.push_back(as_named_tensor(name, part));
  tensors.push_back(as_named_tensor(kSteps, steps_of(state.optimizer)));
  return tensors;
}

void restore_tensors(const TrainingState& state, const std::vector<NamedTensor>& tensors, int64_t steps_done) {
  const c10::AutoGradMode no_gradients(false);
  Found found;
  for (const NamedTensor& tensor : tensors) found.emplace(tensor.name, &tensor);
  const NamedParts parts = parts_of(state);
  check_all(parts, std::ssize(state.optimizer.entries()), tensors, found);
  const int64_t* steps = reinterpret_cast<const int64_t*>(found.at(kSteps)->data);
  check_counts({steps, state.optimizer.entries().size()}, steps_done);
  for (const auto& [name, part] : parts) part.detach().copy_(as_tensor(*found.at(name)));
  for (OptimizerEntry& entry : state.optimizer.entries()) entry.steps = *steps++;
}

}  // namespace mimdet
