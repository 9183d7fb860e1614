// The factor of the loss in float16, whose smallest numbers gradients fall below (Micikevicius et al., Mixed Precision Training, 2018): gradients
// come out so much larger, and the update divides them by it. Before it: trainer. After it: the backward pass, adamw, training_checkpoint.
#pragma once

#include <cstdint>

namespace mimdet {

/// Always a power of two, so that it rounds nothing: as large as gradients allow. Grows after 2,000 steps that went well, and shrinks when a
/// gradient has become infinite. Other precisions need none: 1, whatever happens.
class LossScale {
 public:
  explicit LossScale(bool is_float16);

  double value() const;
  void step_went_well();
  /// Gradients were not finite. False: no smaller scale would help, the fault lies elsewhere.
  bool shrink();

  /// For a checkpoint: the exponent, and the steps since it changed.
  struct State {
    int64_t exponent = 0, steps = 0;
  };
  const State& state() const { return state_; }
  /// Exponents out of range are brought into it.
  void restore(const State& state);

 private:
  bool is_float16_;
  State state_;
};

}  // namespace mimdet
