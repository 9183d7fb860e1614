// See step_rollback.h.
#include "train/step_rollback.h"

#include <c10/core/GradMode.h>

#include <exception>

namespace mimdet {

StepRollback::StepRollback(const Parameters& parameters) : parameters_(parameters) {
  for (const TrainingTensor& tensor : parameters.tensors())
    if (tensor.role == TensorRole::kStatistic) saved_.emplace_back(tensor.value, tensor.value.detach().clone());
}

StepRollback::~StepRollback() {
  const c10::AutoGradMode no_gradients(false);
  try {
    for (auto& [statistic, before] : saved_) statistic.copy_(before);
  } catch (const std::exception&) {
    // A GPU that has failed for good refuses even that; the step's own error tells of it, and every later step fails too.
  }
  parameters_.clear_gradients();
}

}  // namespace mimdet
