// See loss_scale.h.
#include "train/loss_scale.h"

#include <algorithm>
#include <cmath>

namespace mimdet {
namespace {

constexpr int64_t kFirstExponent = 16, kMostExponent = 24;
constexpr int64_t kStepsToGrow = 2000;

}  // namespace

LossScale::LossScale(bool is_float16) : is_float16_(is_float16), state_{is_float16 ? kFirstExponent : 0, 0} {}

double LossScale::value() const { return std::ldexp(1.0, static_cast<int>(state_.exponent)); }

void LossScale::step_went_well() {
  if (!is_float16_ || ++state_.steps < kStepsToGrow) return;
  state_ = {std::min(state_.exponent + 1, kMostExponent), 0};
}

bool LossScale::shrink() {
  if (state_.exponent == 0) return false;
  state_ = {state_.exponent - 1, 0};
  return true;
}

void LossScale::restore(const State& state) {
  if (is_float16_) state_ = {std::clamp<int64_t>(state.exponent, 0, kMostExponent), state.steps};
}

}  // namespace mimdet
