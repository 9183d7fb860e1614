#include "eval/precision_curve.h"

#include <algorithm>
#include <limits>

namespace mimdet {
namespace {

using coco::kMaxDets;
using coco::kRecalls;
using coco::kThresholds;

// A result that found an object, at one IoU threshold.
struct Hit {
  uint32_t misses;  // false positives of higher or equal rank
  double score;
};

using Hits = std::array<std::vector<Hit>, kThresholds>;

Hits hits_of(std::span<const MatchedResult> results, size_t area, int64_t max_dets) {
  Hits hits;
  std::array<uint32_t, kThresholds> misses{};
  for (const MatchedResult& result : results) {
    if (result.rank >= max_dets) continue;
    const unsigned counted = ~unsigned{result.ignored[area]}, hit = counted & result.matched[area], miss = counted & ~hit;
    for (size_t t = 0; t < kThresholds; ++t) misses[t] += miss >> t & 1;
    if (hit == 0) continue;
    for (size_t t = 0; t < kThresholds; ++t)
      if (hit >> t & 1) hits[t].push_back({misses[t], result.score});
  }
  return hits;
}

// Between two hits precision only falls, so its envelope from the right changes at hits alone, and only they need be looked at.
void fill_threshold(const std::vector<Hit>& hits, double objects, double first_score, double* precision, double* scores) {
  std::vector<double> envelope(hits.size());
  double highest = 0;
  for (size_t i = hits.size(); i-- > 0;) {
    const double found = static_cast<double>(i + 1);
    highest = std::max(highest, found / (hits[i].misses + found + std::numeric_limits<double>::epsilon()));
    envelope[i] = highest;
  }
  precision[0] = highest;  // recall 0 is reached by the very first result, hit or not
  scores[0] = first_score;
  size_t i = 0;
  for (size_t r = 1; r < kRecalls; ++r) {
    while (i < hits.size() && static_cast<double>(i + 1) / objects < coco::kRecallThresholds[r]) ++i;
    if (i == hits.size()) return;
    precision[r] = envelope[i];
    scores[r] = hits[i].score;
  }
}

PrecisionCurve curve_of(const Hits& hits, double objects, double first_score) {
  PrecisionCurve curve{std::vector<double>(kThresholds * kRecalls, 0), std::vector<double>(kThresholds * kRecalls, 0)};
  for (size_t t = 0; t < kThresholds; ++t)
    fill_threshold(hits[t], objects, first_score, &curve.precision[t * kRecalls], &curve.scores[t * kRecalls]);
  return curve;
}

}  // namespace

AreaCurves area_curves(std::span<const MatchedResult> results, size_t area, uint64_t objects,
                       const std::array<int64_t, kMaxDets>& max_dets, bool all_curves) {
  AreaCurves all;
  all.counted = objects > 0;
  all.objects = objects;
  if (!all.counted) return all;
  for (size_t m = 0; m < kMaxDets; ++m) {
    const Hits hits = hits_of(results, area, max_dets[m]);
    for (size_t t = 0; t < kThresholds; ++t) all.recall[m][t] = static_cast<double>(hits[t].size()) / static_cast<double>(objects);
    if (!all_curves && m + 1 < kMaxDets) continue;
    // The best result of all is the best of its picture too, so it is in whatever `max_dets` says.
    all.curves[m] = curve_of(hits, static_cast<double>(objects), results.empty() ? 0 : results.front().score);
  }
  return all;
}

}  // namespace mimdet
