// A run's checkpoint as a file: one safetensors file with everything that the next step depends on, put in place in one step.
// Before it: trainer (what the tensors are). After it: trainer, when the run goes on.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "train/loss_scale.h"
#include "weights/named_tensor.h"

namespace mimdet {

struct TrainingCheckpoint {
  std::string options;          // TrainOptions::fingerprint of the run
  int64_t step = 0;             // steps done
  int64_t average_updates = 0;  // of the weights' moving average
  LossScale::State loss_scale;
  std::string state;            // free text of whoever drives the run
  std::vector<NamedTensor> tensors;
};

/// Writes it beside `path` and renames; a disk that is full or a process that is killed leaves what was there before. What killed processes
/// left beside it is removed. Error(kWeights) where the disk refuses.
void write_training_checkpoint(const std::string& path, const TrainingCheckpoint& checkpoint);

/// Error(kWeights) for a file that is none. Tensors share the file's bytes.
TrainingCheckpoint read_training_checkpoint(const std::string& path);

}  // namespace mimdet
