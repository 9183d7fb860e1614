// Puts a run back to where it stood before a step that did not come to its end: gradients are dropped, running statistics restored.
// (Parameters and moments change last, when nothing can fail any more.) Used by trainer.
#pragma once

#include <utility>
#include <vector>

#include "train/parameters.h"

namespace mimdet {

class StepRollback {
 public:
  explicit StepRollback(const Parameters& parameters);
  ~StepRollback();
  StepRollback(const StepRollback&) = delete;
  StepRollback& operator=(const StepRollback&) = delete;

  /// The step is done: statistics stay as they are. Gradients are dropped all the same.
  void keep() { saved_.clear(); }

 private:
  const Parameters& parameters_;
  std::vector<std::pair<at::Tensor, at::Tensor>> saved_;  // a statistic, and what it was
};

}  // namespace mimdet
