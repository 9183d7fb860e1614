// Pictures of one step, decoded and annotated → augmented, in parallel and ahead of the step, on threads of the task pool.
// Before it: addon/batch_wrap. After it: train/ (normalises, pads), or `draw --augmented`.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/cancel.h"
#include "data/augment/augment.h"
#include "data/training_picture.h"

namespace mimdet {

using TrainingBatch = std::vector<TrainingPicture>;
using TrainingBatchPtr = std::shared_ptr<const TrainingBatch>;

}  // namespace mimdet
