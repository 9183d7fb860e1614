// Everything of a run that changes from step to step, as one list of named tensors: what a checkpoint holds.
// Before it: trainer. After it: training_checkpoint.
#pragma once

#include <vector>

#include "train/adamw.h"
#include "train/parameters.h"
#include "train/weight_average.h"
#include "weights/named_tensor.h"

namespace mimdet {

struct TrainingState {
  const Parameters& parameters;
  AdamW& optimizer;
  WeightAverage* average;  // null where there is none
};

/// Shares the memory of the state where it lies on the CPU.
std::vector<NamedTensor> stored_tensors(const TrainingState& state);

/// Copies `tensors` into the state of a run that has done so many steps. Error(kWeights) naming the tensor that is missing, has no place or has
/// another shape, and for counts of updates that no such run has; nothing is changed then.
void restore_tensors(const TrainingState& state, const std::vector<NamedTensor>& tensors, int64_t steps_done);

}  // namespace mimdet
