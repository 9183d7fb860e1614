// What one training step will need and whether the machine has it: a batch that cannot fit is refused, or the system kills the process.
// Called by trainer before anything is allocated.
#pragma once

#include <c10/core/Device.h>

#include <vector>

#include "base/geometry.h"
#include "data/training_picture.h"
#include "model/config.h"

namespace mimdet {

struct StepSize {
  int64_t pictures = 1;
  SizeHw padded_size;         // of each
  double sample_ratio = 1;    // of the patches that the encoder sees
  bool checkpointing = false;
};

/// Bytes that a float32 step keeps for its backward pass, within a half or so. Weights and the optimizer's state are not counted.
double step_bytes(const ModelConfig& config, const StepSize& size);

/// Throws Error(kOutOfMemory) with both figures where the batch does not fit on `device`. A step in half precision is taken for one in float32:
/// its weights, gradients and many activations are.
void check_step_memory(const ModelConfig& config, const std::vector<TrainingPicture>& pictures, double sample_ratio, bool checkpointing,
                       at::Device device);

}  // namespace mimdet
