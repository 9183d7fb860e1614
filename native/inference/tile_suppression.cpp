#include "inference/tile_suppression.h"

#include <algorithm>
#include <numeric>
#include <utility>

namespace mimdet {
namespace {

using Box = std::array<double, 4>;

double iou(const Box& a, const Box& b) {
  const double width = std::min(a[2], b[2]) - std::max(a[0], b[0]), height = std::min(a[3], b[3]) - std::max(a[1], b[1]);
  if (width <= 0 || height <= 0) return 0;
  const double both = width * height;
  return both / ((a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - both);
}

/// Of each object the better ones that it repeats, by their ranks.
std::vector<std::vector<size_t>> repeated(const std::vector<PlacedDetection>& objects, double threshold, size_t axis, const CancelFlag& cancel) {
  std::vector<size_t> by_start(objects.size());
  std::iota(by_start.begin(), by_start.end(), size_t{0});
  std::ranges::sort(by_start, {}, [&](size_t i) { return objects[i].box_xyxy[axis]; });
  std::vector<std::vector<size_t>> better(objects.size());
  for (size_t i = 0; i < by_start.size(); ++i) {
    throw_if_cancelled(cancel);
    const PlacedDetection& one = objects[by_start[i]];
    for (size_t j = i + 1; j < by_start.size() && objects[by_start[j]].box_xyxy[axis] < one.box_xyxy[axis + 2]; ++j) {
      const PlacedDetection& other = objects[by_start[j]];
      if (one.class_id != other.class_id || iou(one.box_xyxy, other.box_xyxy) <= threshold) continue;
      const auto [first, second] = std::minmax(by_start[i], by_start[j]);
      better[second].push_back(first);
    }
  }
  return better;
}

}  // namespace

std::vector<PlacedDetection> suppress_boxes(std::vector<PlacedDetection> best_first, double threshold, SizeHw picture, const CancelFlag& cancel) {
  if (threshold >= 1) return best_first;
  const auto better = repeated(best_first, threshold, picture.width >= picture.height ? 0 : 1, cancel);
  std::vector<bool> stays(best_first.size());
  std::vector<PlacedDetection> kept;
  for (size_t i = 0; i < best_first.size(); ++i) {
    stays[i] = std::ranges::none_of(better[i], [&](size_t other) { return stays[other]; });
    if (stays[i]) kept.push_back(std::move(best_first[i]));
  }
  return kept;
}

}  // namespace mimdet
