// What a run draws: patches, anchors, RoIs, dropped branches. Every number is a function of (seed, step, part, purpose,
// picture), so that a run can go on anywhere. Read by patch_sampler, rpn_loss, roi_sampler and the encoder through
// TrainingDraws.
#pragma once

#include "model/training_draws.h"

namespace mimdet {

class RandomDraws : public TrainingDraws {
 public:
  /// `part`: which of the batches that are accumulated into one step.
  RandomDraws(uint64_t seed, int64_t step, int64_t part = 0);

  at::Tensor patch_noise(int64_t pictures, int64_t patches) override;
  SampledLabels rpn_labels(int64_t picture, const at::Tensor& labels, int64_t count, double positive_fraction) override;
  SampledLabels roi_labels(int64_t picture, const at::Tensor& labels, int64_t background, int64_t count,
                           double positive_fraction) override;
  at::Tensor kept_branches(int64_t branch, int64_t pictures, double keep) override;

 private:
  uint64_t key_;
};

}  // namespace mimdet
