#include "eval/summary.h"

namespace mimdet {
namespace {

using coco::kAreas;
using coco::kMaxDets;
using coco::kRecalls;
using coco::kThresholds;

constexpr size_t kLast = kMaxDets - 1;

// numpy's pairwise sum: eight accumulators over blocks of at most 128, blocks halved at multiples of eight.
double pairwise_sum(const double* values, size_t count) {
  if (count > 128) {
    const size_t half = count / 2 - count / 2 % 8;
    return pairwise_sum(values, half) + pairwise_sum(values + half, count - half);
  }
  if (count < 8) {
    double sum = 0;
    for (size_t i = 0; i < count; ++i) sum += values[i];
    return sum;
  }
  std::array<double, 8> sums;
  for (size_t i = 0; i < 8; ++i) sums[i] = values[i];
  size_t at = 8;
  for (; at + 8 <= count; at += 8)
    for (size_t i = 0; i < 8; ++i) sums[i] += values[at + i];
  double sum = ((sums[0] + sums[1]) + (sums[2] + sums[3])) + ((sums[4] + sums[5]) + (sums[6] + sums[7]));
  for (; at < count; ++at) sum += values[at];
  return sum;
}

double mean(const std::vector<double>& values) {
  return values.empty() ? -1 : pairwise_sum(values.data(), values.size()) / static_cast<double>(values.size());
}

// Over the thresholds [first, end), all recalls and classes.
double average_precision(const std::vector<CategoryCurves>& curves, size_t area, size_t first, size_t end) {
  std::vector<double> values;
  for (size_t place = first * kRecalls; place < end * kRecalls; ++place)
    for (const CategoryCurves& category : curves)
      if (category[area].counted) values.push_back(category[area].curves[kLast].precision[place]);
  return mean(values);
}

double average_recall(const std::vector<CategoryCurves>& curves, size_t area, size_t max_dets) {
  std::vector<double> values;
  for (size_t t = 0; t < kThresholds; ++t)
    for (const CategoryCurves& category : curves)
      if (category[area].counted) values.push_back(category[area].recall[max_dets][t]);
  return mean(values);
}

}  // namespace

std::array<double, 12> summarize(const std::vector<CategoryCurves>& curves) {
  const auto ap = [&](size_t area) { return average_precision(curves, area, 0, kThresholds); };
  const auto ap_at = [&](size_t threshold) { return average_precision(curves, 0, threshold, threshold + 1); };
  const auto ar = [&](size_t area, size_t max_dets) { return average_recall(curves, area, max_dets); };
  return {ap(0),    ap_at(coco::kIou50), ap_at(coco::kIou75), ap(1),        ap(2),        ap(3),
          ar(0, 0), ar(0, 1),            ar(0, kLast),        ar(1, kLast), ar(2, kLast), ar(3, kLast)};
}

double category_ap(const CategoryCurves& curves) { return curves[0].counted ? mean(curves[0].curves[kLast].precision) : -1; }

EvalArrays to_arrays(const std::vector<CategoryCurves>& curves) {
  EvalArrays arrays;
  for (size_t t = 0; t < kThresholds; ++t)
    for (const CategoryCurves& category : curves)
      for (const AreaCurves& area : category)
        for (size_t m = 0; m < kMaxDets; ++m) arrays.recall.push_back(area.counted ? area.recall[m][t] : -1);
  for (size_t place = 0; place < kThresholds * kRecalls; ++place)
    for (const CategoryCurves& category : curves)
      for (const AreaCurves& area : category)
        for (const PrecisionCurve& curve : area.curves) {
          arrays.precision.push_back(area.counted ? curve.precision[place] : -1);
          arrays.scores.push_back(area.counted ? curve.scores[place] : -1);
        }
  return arrays;
}

}  // namespace mimdet
