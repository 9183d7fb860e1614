// Precision over recall of one class in one area range, from all its matched results. Before it: matcher. After it: summary.
#pragma once

#include <array>
#include <span>
#include <vector>

#include "eval/matcher.h"

namespace mimdet {

struct PrecisionCurve {
  std::vector<double> precision;  // (T, R); at a recall that is not reached 0
  std::vector<double> scores;     // (T, R); of the result at which the recall is reached, else 0
};

/// One class in one area range. Where the class has no object that counts, `counted` is false and the rest means nothing.
struct AreaCurves {
  bool counted = false;
  uint64_t objects = 0;  // to be found
  std::array<std::array<double, coco::kThresholds>, coco::kMaxDets> recall{};  // (M, T) reached in the end
  std::array<PrecisionCurve, coco::kMaxDets> curves;                           // (M); all but the last empty unless asked for
};

/// `results`: all of a class, best score first, equal scores by picture and rank. `objects`: how many of them are to be found.
AreaCurves area_curves(std::span<const MatchedResult> results, size_t area, uint64_t objects,
                       const std::array<int64_t, coco::kMaxDets>& max_dets, bool all_curves);

}  // namespace mimdet
