// The factor on every learning rate over a run. Before it: train_options. After it: adamw.
#pragma once

#include <cstdint>

#include "train/train_options.h"

namespace mimdet {

/// Of the step that has `step` others before it. A warm-up rises linearly from `warmup_factor` times the schedule's first value to its value
/// at the end of the warm-up; the schedule itself counts from the run's first step. Steps past the end keep the last value.
double lr_factor(const ScheduleOptions& schedule, int64_t step);

}  // namespace mimdet
