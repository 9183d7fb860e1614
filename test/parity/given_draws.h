// What the reference drew in a recorded step, in place of a run's own draws.
#pragma once

#include <string>
#include <unordered_map>

#include "model/training_draws.h"

namespace mimdet::parity {

class GivenDraws : public TrainingDraws {
 public:
  /// Reads `prefix`noise, `prefix`rpn.<n>.positive, …; `prefix` is "3." for the fourth of several steps.
  GivenDraws(const std::unordered_map<std::string, at::Tensor>& stored, std::string prefix) : stored_(stored), prefix_(std::move(prefix)) {}

  at::Tensor patch_noise(int64_t, int64_t) override { return stored("noise"); }
  SampledLabels rpn_labels(int64_t picture, const at::Tensor&, int64_t, double) override {
    return {of_picture("rpn.", picture, ".positive"), of_picture("rpn.", picture, ".negative")};
  }
  SampledLabels roi_labels(int64_t picture, const at::Tensor&, int64_t, int64_t, double) override {
    return {of_picture("roi.", picture, ".foreground"), of_picture("roi.", picture, ".background")};
  }
  at::Tensor kept_branches(int64_t branch, int64_t, double) override { return stored("kept_branches." + std::to_string(branch)); }

 private:
  at::Tensor stored(const std::string& name) const { return stored_.at(prefix_ + name); }
  at::Tensor of_picture(const char* group, int64_t picture, const char* what) const { return stored(group + std::to_string(picture) + what); }

  const std::unordered_map<std::string, at::Tensor>& stored_;
  std::string prefix_;
};

}  // namespace mimdet::parity
