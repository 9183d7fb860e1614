// The estimate of a step's memory: of the right size, and too large batches are refused before anything is allocated.
#include "check.h"
#include "train/step_memory.h"

using namespace mimdet;

namespace {

std::vector<TrainingPicture> pictures_of(int64_t count, SizeHw size) {
  std::vector<TrainingPicture> pictures(static_cast<size_t>(count));
  for (TrainingPicture& picture : pictures) picture.image.size = size;  // sizes alone are looked at
  return pictures;
}

}  // namespace

TEST("step_memory: what was measured, within a half") {
  const double tiny = step_bytes(preset("tiny"), {8, {384, 384}, 0.5, false});
  CHECK(tiny > 0.96e9 / 1.5 && tiny < 0.96e9 * 1.5);
}

TEST("step_memory: more with pictures, ratio and depth, less with checkpointing") {
  const ModelConfig base = preset("base");
  const double one = step_bytes(base, {1, {800, 1344}, 0.5, false});
  CHECK_EQUAL(step_bytes(base, {3, {800, 1344}, 0.5, false}), 3 * one);
  CHECK(step_bytes(base, {1, {800, 1344}, 1, false}) > one);
  CHECK(step_bytes(base, {1, {800, 1344}, 0.5, true}) < one);
  CHECK(step_bytes(preset("large"), {1, {800, 1344}, 0.5, false}) > one);
}

TEST("step_memory: a batch that cannot fit is refused with its size") {
  check_step_memory(preset("tiny"), pictures_of(1, {64, 64}), 1, false, at::kCPU);
  CHECK_FAILS(check_step_memory(preset("tiny"), pictures_of(64, {60000, 60000}), 1, false, at::kCPU), ErrorCode::kOutOfMemory, "60000 x 60000");
}
