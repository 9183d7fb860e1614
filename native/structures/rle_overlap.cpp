// Several masks, or boxes, against each other: union, intersection, IoU.
#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "structures/rle_mask.h"

namespace mimdet {
namespace {

// Walks along a mask's runs; `left` pixels of the present run are still to come.
struct RunCursor {
  const std::vector<uint32_t>& runs;
  size_t next = 1;
  uint32_t left = runs[0];
  bool value = false;

  explicit RunCursor(const RleMask& mask) : runs(mask.runs) {}
  bool at_end() const { return left == 0 && next == runs.size(); }
  void advance(uint32_t pixels) {
    left -= pixels;
    if (left > 0 || next == runs.size()) return;
    left = runs[next++];
    value = !value;
  }
};

template <class Combine>
RleMask merge_two(const RleMask& a, const RleMask& b, Combine combine) {
  RleMask merged{a.height, a.width, {}};
  RunCursor in_a(a), in_b(b);
  bool value = false;
  for (uint32_t length = 0; !(in_a.at_end() && in_b.at_end());) {
    const uint32_t step = std::min(in_a.left, in_b.left);
    length += step;
    in_a.advance(step);
    in_b.advance(step);
    const bool before = value;
    value = combine(in_a.value, in_b.value);
    if (value == before && !(in_a.at_end() && in_b.at_end())) continue;
    merged.runs.push_back(length);
    length = 0;
  }
  return merged;
}

// By halves, so that a thousand small masks do not each walk along all that was merged before.
template <class Combine>
RleMask merge(std::span<const RleMask> masks, Combine combine) {
  if (masks.empty()) fail_expected(ErrorCode::kInvalidArgument, "at least one mask", "masks", "none");
  if (masks.size() == 1) return masks[0];
  const RleMask a = merge(masks.first(masks.size() / 2), combine), b = merge(masks.subspan(masks.size() / 2), combine);
  if (a.size() != b.size()) fail_expected(ErrorCode::kInvalidArgument, "masks of one size", "masks", "two sizes");
  return merge_two(a, b, combine);
}

int64_t shared_pixels(const RleMask& a, const RleMask& b) {
  RunCursor in_a(a), in_b(b);
  int64_t shared = 0;
  while (!(in_a.at_end() && in_b.at_end())) {
    const uint32_t step = std::min(in_a.left, in_b.left);
    if (in_a.value && in_b.value) shared += step;
    in_a.advance(step);
    in_b.advance(step);
  }
  return shared;
}

}  // namespace

RleMask rle_union(std::span<const RleMask> masks) {
  return merge(masks, [](bool a, bool b) { return a || b; });
}

RleMask rle_intersection(std::span<const RleMask> masks) {
  return merge(masks, [](bool a, bool b) { return a && b; });
}

double rle_iou(const RleMask& detection, const RleMask& ground_truth, bool crowd) {
  if (detection.size() != ground_truth.size()) return -1;
  const int64_t shared = shared_pixels(detection, ground_truth);
  if (shared == 0) return 0;
  const int64_t area = rle_area(detection);
  return static_cast<double>(shared) / static_cast<double>(crowd ? area : area + rle_area(ground_truth) - shared);
}

double box_iou(const BoxXywh& detection, const BoxXywh& ground_truth, bool crowd) {
  const auto& [dx, dy, dw, dh] = detection;
  const auto& [gx, gy, gw, gh] = ground_truth;
  const double width = std::fmin(dw + dx, gw + gx) - std::fmax(dx, gx);
  if (width <= 0) return 0;
  const double height = std::fmin(dh + dy, gh + gy) - std::fmax(dy, gy);
  if (height <= 0) return 0;
  const double shared = width * height, area = dw * dh;
  return shared / (crowd ? area : area + gw * gh - shared);
}

}  // namespace mimdet
