// The reference's training step as the tests of its stations need it: configuration, targets, and every stored tensor.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/error.h"
#include "model/config.h"
#include "model/roi_sampler.h"
#include "model/targets.h"
#include "model/training_draws.h"

namespace mimdet::test {

struct StoredStep {
  ModelConfig config;
  std::map<std::string, at::Tensor> tensors;
  std::vector<SizeHw> sizes;               // of the pictures, unpadded
  std::vector<Targets> polygons, bitmaps;  // a picture

  const at::Tensor& operator()(const std::string& name) const { return tensors.at(name); }
  /// "rpn", 1, "positive" -> rpn.1.positive
  const at::Tensor& of(const std::string& station, size_t picture, const std::string& name) const;
  /// As sampled by the reference.
  SampledRois rois(size_t picture) const;
};

/// nullptr where there are no reference data (the test is counted as skipped then).
const StoredStep* stored_step();

/// Says what the reference drew.
class StoredDraws : public TrainingDraws {
 public:
  explicit StoredDraws(const StoredStep& step) : step_(step) {}
  at::Tensor patch_noise(int64_t, int64_t) override { return step_("noise"); }
  SampledLabels rpn_labels(int64_t picture, const at::Tensor&, int64_t, double) override;
  SampledLabels roi_labels(int64_t picture, const at::Tensor&, int64_t, int64_t, double) override;
  at::Tensor kept_branches(int64_t, int64_t, double) override { fail(ErrorCode::kInternal, "no drop path here"); }

 private:
  const StoredStep& step_;
};

}  // namespace mimdet::test
