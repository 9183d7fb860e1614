// The fixed numbers of COCO's evaluation: thresholds, recalls, area ranges. Equal to pycocotools' `Params` bit for bit.
#pragma once

#include <array>
#include <cstddef>

namespace mimdet::coco {

inline constexpr size_t kThresholds = 10;  // T: IoU 0.50, 0.55 … 0.95
inline constexpr size_t kRecalls = 101;    // R: recall 0, 0.01 … 1
inline constexpr size_t kAreas = 4;        // A: all, small, medium, large
inline constexpr size_t kMaxDets = 3;      // M

struct AreaRange {
  double low, high;  // pixels; both ends belong to it
  bool excludes(double area) const { return area < low || area > high; }
};
inline constexpr std::array<AreaRange, kAreas> kAreaRanges{{{0, 1e10}, {0, 1024}, {1024, 9216}, {9216, 1e10}}};

// As numpy.linspace makes them: a step times the index, never index / 100.
inline constexpr std::array<double, kThresholds> kIouThresholds = [] {
  std::array<double, kThresholds> values{};
  for (size_t i = 0; i < kThresholds; ++i) values[i] = static_cast<double>(i) * ((0.95 - 0.5) / 9) + 0.5;
  values.back() = 0.95;
  return values;
}();
inline constexpr std::array<double, kRecalls> kRecallThresholds = [] {
  std::array<double, kRecalls> values{};
  for (size_t i = 0; i < kRecalls; ++i) values[i] = static_cast<double>(i) * 0.01;
  values.back() = 1;
  return values;
}();
inline constexpr size_t kIou50 = 0, kIou75 = 5;  // places in kIouThresholds
static_assert(kIouThresholds[kIou50] == 0.5 && kIouThresholds[kIou75] == 0.75);

}  // namespace mimdet::coco
