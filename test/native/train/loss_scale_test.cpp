#include "train/loss_scale.h"

#include "check.h"

using mimdet::LossScale;

TEST("loss_scale: other precisions than float16 have none") {
  LossScale scale(false);
  scale.restore({5, 0});
  for (int i = 0; i < 5000; ++i) scale.step_went_well();
  CHECK_EQUAL(scale.value(), 1.0);
  CHECK(!scale.shrink());
}

TEST("loss_scale: halves when gradients are infinite, down to 1") {
  LossScale scale(true);
  double value = scale.value();
  CHECK_EQUAL(value, 65536.0);
  while (scale.shrink()) CHECK_EQUAL(scale.value(), value /= 2);
  CHECK_EQUAL(scale.value(), 1.0);
}

TEST("loss_scale: doubles after 2,000 good steps in a row, up to a bound") {
  LossScale scale(true);
  for (int i = 0; i < 1999; ++i) scale.step_went_well();
  CHECK_EQUAL(scale.value(), 65536.0);
  scale.step_went_well();
  CHECK_EQUAL(scale.value(), 131072.0);
  for (int i = 0; i < 1999; ++i) scale.step_went_well();
  scale.shrink();
  for (int i = 0; i < 1999; ++i) scale.step_went_well();
  CHECK_EQUAL(scale.value(), 65536.0);
  for (int i = 0; i < 100'000; ++i) scale.step_went_well();
  CHECK_EQUAL(scale.value(), 16777216.0);
}

TEST("loss_scale: goes on from a checkpoint, and is not misled by one") {
  LossScale scale(true);
  scale.restore({3, 1999});
  scale.step_went_well();
  CHECK_EQUAL(scale.value(), 16.0);
  scale.restore({1000, 0});
  CHECK_EQUAL(scale.value(), 16777216.0);
  scale.restore({-7, 0});
  CHECK_EQUAL(scale.value(), 1.0);
}
