// What a pass will take on this machine, learned from the passes that ended, and the sample ratio that fits in what is left of a budget.
// Before it: model/arithmetic, stations. After it: detector, which asks before each pass and tells after it.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "model/arithmetic.h"

namespace mimdet {

/// How fast each station is, in milliseconds a multiply-add; what follows the boxes, in milliseconds a picture, since nobody knows
/// beforehand how many there will be. Newer passes count more. One a detector; belongs to the compute thread.
class PassForecast {
 public:
  explicit PassForecast(const ModelConfig& config) : config_(config) {}

  bool has_learned() const { return passes_ > 0; }
  bool knows_nothing() const { return !has_learned() && assumed_ == 0; }
  /// Until a pass has ended: multiply-adds a millisecond of one large product. Stations are taken to reach half of it.
  void assume(double multiply_adds_per_ms);
  /// `parts`: what went through the model, one after the other or together, `proposals` and `masks` being the most that could come
  /// (0: none were asked for). `around_ms`: what came before and after the model.
  void learn(const std::vector<PassShape>& parts, const StationLog& log, double around_ms);
  /// Milliseconds of such a pass, with what is around it: the mean.
  double predict_ms(const std::vector<PassShape>& parts) const;
  /// Nine passes of ten take at most so many times what was predicted, and nine of ten at least the part of it that this divides:
  /// from 1 up, by how far passes were from their predictions.
  double margin() const;

 private:
  /// A mean in which each pass counts a little less with every one that follows.
  struct Quotient {
    double above = 0, below = 0;
    /// `kept`: what the sums so far count beside the newcomers.
    void add(double a, double b, double kept);
    double value() const { return below > 0 ? above / below : 0; }
  };
  double part_ms(const PassShape& part) const;

  const ModelConfig config_;
  int64_t passes_ = 0;
  double assumed_ = 0;  // milliseconds a multiply-add
  std::array<Quotient, kStationCount> rates_;  // ms a multiply-add; of the heads ms a picture
  Quotient around_;                            // ms a pixel
  Quotient deviation_;                         // from what was predicted, as a share of it
};

/// The largest of `most` and of the sixteenths below it, down to a quarter, of which `predict_ms(ratio)` is at most `left_ms`; the
/// smallest of them where none is.
template <class Predict>
double ratio_within(double left_ms, double most, Predict predict_ms) {
  constexpr double step = 1.0 / 16, least = 1.0 / 4;
  double ratio = most;
  while (predict_ms(ratio) > left_ms && ratio > least) ratio = std::max(least, (std::ceil(ratio / step) - 1) * step);
  return ratio;
}

}  // namespace mimdet
