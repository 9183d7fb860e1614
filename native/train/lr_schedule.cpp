// See lr_schedule.h.
#include "train/lr_schedule.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace mimdet {
namespace {

double cosine(const ScheduleOptions& schedule, double step) {
  const double done = std::min(step / static_cast<double>(schedule.steps), 1.0);
  return schedule.final_factor + (1 - schedule.final_factor) * 0.5 * (1 + std::cos(std::numbers::pi * done));
}

double multistep(const ScheduleOptions& schedule, double step) {
  int passed = 0;
  for (const int64_t milestone : schedule.milestones) passed += step >= static_cast<double>(milestone);
  return std::pow(schedule.gamma, passed);
}

double without_warmup(const ScheduleOptions& schedule, double step) {
  switch (schedule.kind) {
    case ScheduleKind::kCosine: return cosine(schedule, step);
    case ScheduleKind::kMultistep: return multistep(schedule, step);
    case ScheduleKind::kConstant: return 1;
  }
  return 1;
}

}  // namespace

double lr_factor(const ScheduleOptions& schedule, int64_t step) {
  const double at = static_cast<double>(step);
  if (at >= schedule.warmup_steps) return without_warmup(schedule, at);
  const double first = schedule.warmup_factor * without_warmup(schedule, 0);
  const double last = without_warmup(schedule, schedule.warmup_steps);
  return first + (last - first) * (at / schedule.warmup_steps);
}

}  // namespace mimdet
