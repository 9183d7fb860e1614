// Everything that a training step leaves to chance, behind one door: a run draws, a test gives what was recorded.
// Read by patch_sampler, label_sampler, transformer blocks (drop path).
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

namespace mimdet {

/// Indices of what takes part in a loss, in the order in which it is used.
struct SampledLabels {
  at::Tensor positive, negative;  // (P), (Q) int64
};

class TrainingDraws {
 public:
  virtual ~TrainingDraws() = default;

  /// Uniform in [0, 1), (pictures, patches) float32 on the CPU.
  virtual at::Tensor patch_noise(int64_t pictures, int64_t patches) = 0;
  /// Of one picture's `labels` (1 positive, 0 negative, -1 ignored): at most `count` in all, at most int(count * positive_fraction) of them positive.
  virtual SampledLabels rpn_labels(int64_t picture, const at::Tensor& labels, int64_t count, double positive_fraction) = 0;
  /// The same for RoIs; `labels` are classes, `background` is the class of a RoI that shows nothing, -1 is ignored.
  virtual SampledLabels roi_labels(int64_t picture, const at::Tensor& labels, int64_t background, int64_t count, double positive_fraction) = 0;
  /// (pictures) of 0 and 1: which pictures keep the `branch`-th residual branch (two a block, counted over the encoder), each with probability `keep`.
  virtual at::Tensor kept_branches(int64_t branch, int64_t pictures, double keep) = 0;
};

}  // namespace mimdet
