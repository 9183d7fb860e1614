// From augmented pictures with their objects to what a training step takes.
// Before it: data/augment. After it: mask_rcnn_losses.
#pragma once

#include <vector>

#include "data/training_picture.h"
#include "model/config.h"
#include "model/targets.h"
#include "structures/image_batch.h"

namespace mimdet {

struct StepInput {
  ImageBatch images;             // padded together
  std::vector<Targets> targets;  // of each picture
};

/// `pictures` enter at their own size. Throws Error(kInvalidArgument) where there is none or one is empty, for a class that the configuration
/// does not have, a box that is not finite, and a bitmap that is not as large as its picture.
StepInput make_batch(const std::vector<TrainingPicture>& pictures, const ModelConfig& config, at::Device device = at::kCPU);

/// Of one picture; the same errors.
Targets targets_of(const TrainingPicture& picture, const ModelConfig& config);

}  // namespace mimdet
