#include "eval/mean_curves.h"

#include <numeric>
#include <span>

namespace mimdet {
namespace {

using coco::kRecalls;
using coco::kThresholds;

const PrecisionCurve& last_curve(const AreaCurves& area) { return area.curves.back(); }

std::span<const double> at_threshold(const std::vector<double>& values, size_t threshold) {
  return std::span(values).subspan(threshold * kRecalls, kRecalls);
}

double mean(std::span<const double> values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

// Of the interpolated curve: a recall that is not reached has precision 0 and never wins.
BestCut best_cut(const PrecisionCurve& curve) {
  const std::span precision = at_threshold(curve.precision, coco::kIou50), scores = at_threshold(curve.scores, coco::kIou50);
  BestCut best;
  for (size_t r = 1; r < kRecalls; ++r) {
    const double recall = coco::kRecallThresholds[r], sum = precision[r] + recall;
    const double f1 = 2 * precision[r] * recall / sum;
    if (f1 > best.f1) best = {scores[r], precision[r], recall, f1};
  }
  return best;
}

CategoryDetail detail_of(const AreaCurves& area) {
  if (!area.counted) return {};
  const PrecisionCurve& curve = last_curve(area);
  return {area.objects, mean(at_threshold(curve.precision, coco::kIou50)), mean(at_threshold(curve.precision, coco::kIou75)),
          mean(area.recall.back()), best_cut(curve)};
}

void add(Precisions& sums, std::span<const double> values, double factor) {
  for (size_t r = 0; r < kRecalls; ++r) sums[r] += factor * values[r];
}

}  // namespace

MeanCurves mean_curves(const std::vector<CategoryCurves>& curves) {
  MeanCurves means;
  size_t counted = 0;
  for (const CategoryCurves& category : curves) {
    means.per_category.push_back(detail_of(category[0]));
    counted += category[0].counted;
  }
  if (counted == 0) {
    for (Precisions* values : {&means.iou50, &means.iou75, &means.mean}) values->fill(-1);
    return means;
  }
  const double share = 1 / static_cast<double>(counted);
  for (const CategoryCurves& category : curves) {
    if (!category[0].counted) continue;
    const std::vector<double>& precision = last_curve(category[0]).precision;
    add(means.iou50, at_threshold(precision, coco::kIou50), share);
    add(means.iou75, at_threshold(precision, coco::kIou75), share);
    for (size_t t = 0; t < kThresholds; ++t) add(means.mean, at_threshold(precision, t), share / kThresholds);
  }
  return means;
}

}  // namespace mimdet
