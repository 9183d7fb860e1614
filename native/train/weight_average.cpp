// See weight_average.h.
#include "train/weight_average.h"

#include <c10/core/GradMode.h>

#include <algorithm>

namespace mimdet {

WeightAverage::WeightAverage(const Parameters& parameters, double decay) : parameters_(parameters), decay_(decay) {
  for (const TrainingTensor& tensor : parameters.tensors())
    if (tensor.role != TensorRole::kFrozen) tensors_.emplace(tensor.name, tensor.value.detach().clone());
}

void WeightAverage::update() {
  const c10::AutoGradMode no_gradients(false);
  const double t = static_cast<double>(++updates_);
  const double decay = std::min(decay_, (1 + t) / (10 + t));
  for (const TrainingTensor& tensor : parameters_.tensors())
    if (tensor.role != TensorRole::kFrozen) tensors_.at(tensor.name).lerp_(tensor.value.detach(), 1 - decay);
}

}  // namespace mimdet
