#include "data/augment/move_objects.h"

#include <optional>
#include <utility>

#include "data/augment/clip_polygon.h"
#include "data/augment/mask_window.h"

namespace mimdet {
namespace {

/// A mask where it is now, with the box around it: all of it, and the part that is left.
struct MovedMask {
  ObjectMask mask;
  BoxXyxy whole, left;
};

std::optional<MovedMask> move_mask(const PolygonMask& rings, const Placement& placement) {
  PolygonMask all, left;
  for (const std::vector<double>& ring : rings) {
    std::vector<double> points(ring.size());
    for (size_t i = 0; i + 1 < ring.size(); i += 2) {
      const auto [x, y] = placement.point(ring[i], ring[i + 1]);
      points[i] = x, points[i + 1] = y;
    }
    std::vector<double> inside = clip_polygon(points, placement.content);
    if (!inside.empty()) left.push_back(std::move(inside));
    all.push_back(std::move(points));
  }
  if (left.empty()) return std::nullopt;
  const BoxXyxy whole = bounds_of(all), rest = bounds_of(left);
  return MovedMask{std::move(left), whole, rest};
}

BoxXyxy box_of(const MaskWindow& window) {
  return {static_cast<double>(window.left), static_cast<double>(window.top), static_cast<double>(window.left + window.width),
          static_cast<double>(window.top + window.height)};
}

std::optional<MovedMask> move_mask(const RleMask& mask, const Placement& placement) {
  const MaskWindow window = window_of(mask);
  const MaskWindow now = moved(window, placement);
  if (now.empty()) return std::nullopt;
  return MovedMask{rle_of(now, placement.size), placement.box(box_of(window)), box_of(now)};
}

std::optional<MovedMask> move_mask(std::monostate, const Placement&) { return std::nullopt; }

/// Whether the picture's edge took something of it; a millionth of a pixel is rounding.
bool is_cut(const BoxXyxy& whole, const BoxXyxy& window) {
  return whole[0] < window[0] - 1e-6 || whole[1] < window[1] - 1e-6 || whole[2] > window[2] + 1e-6 || whole[3] > window[3] + 1e-6;
}

std::optional<TrainingObject> move_object(const TrainingObject& object, const Placement& placement, bool recompute_boxes) {
  TrainingObject now{clipped(placement.box(object.box_xyxy), placement.content), object.class_id, {}};
  if (is_empty(now.box_xyxy)) return std::nullopt;
  if (std::holds_alternative<std::monostate>(object.mask)) return now;
  auto moved = std::visit([&](const auto& mask) { return move_mask(mask, placement); }, object.mask);
  if (!moved) return std::nullopt;
  now.mask = std::move(moved->mask);
  if (recompute_boxes && is_cut(moved->whole, placement.content)) now.box_xyxy = moved->left;
  if (is_empty(now.box_xyxy)) return std::nullopt;
  return now;
}

}  // namespace

std::vector<TrainingObject> move_objects(const std::vector<TrainingObject>& objects, const Placement& placement,
                                         bool recompute_boxes) {
  std::vector<TrainingObject> left;
  left.reserve(objects.size());
  for (const TrainingObject& object : objects)
    if (auto now = move_object(object, placement, recompute_boxes)) left.push_back(std::move(*now));
  return left;
}

}  // namespace mimdet
