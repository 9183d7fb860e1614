// The exponential moving average (EMA) of the weights and running statistics: often better than the last step's.
// Before it: adamw. After it: saved_weights, checkpoint.
#pragma once

#include <cstdint>

#include "train/parameters.h"

namespace mimdet {

class WeightAverage {
 public:
  /// Begins as a copy of `parameters` (trained tensors and statistics; frozen ones never change).
  WeightAverage(const Parameters& parameters, double decay);

  /// average += (1 - d) * (now - average), with d = min(decay, (1 + t) / (10 + t)) in the t-th update, counted from 1: a short run
  /// does not drag its beginning along.
  void update();

  int64_t updates() const { return updates_; }
  void set_updates(int64_t updates) { updates_ = updates; }
  /// By name; memory is the average's own.
  const StateDict& tensors() const { return tensors_; }

 private:
  const Parameters& parameters_;
  double decay_;
  int64_t updates_ = 0;
  StateDict tensors_;
};

}  // namespace mimdet
