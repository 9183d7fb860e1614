#include "inference/tile_links.h"

#include <algorithm>

namespace mimdet {
namespace {

constexpr double kLeastShare = 0.05;  // neighbours touch a little without being one

/// Pixels of two objects within one rectangle.
struct Overlap {
  double first, second, shared;
  double iou() const { return shared / (first + second - shared); }
};

double box_area(const std::array<double, 4>& box, const PixelRect& within) {
  const double width = std::min(box[2], static_cast<double>(within.right)) - std::max(box[0], static_cast<double>(within.left));
  const double height = std::min(box[3], static_cast<double>(within.bottom)) - std::max(box[1], static_cast<double>(within.top));
  return std::max(0.0, width) * std::max(0.0, height);
}

std::array<double, 4> shared_box(const std::array<double, 4>& a, const std::array<double, 4>& b) {
  return {std::max(a[0], b[0]), std::max(a[1], b[1]), std::min(a[2], b[2]), std::min(a[3], b[3])};
}

Overlap compare_boxes(const PlacedDetection& a, const PlacedDetection& b, const PixelRect& within) {
  return {box_area(a.box_xyxy, within), box_area(b.box_xyxy, within), box_area(shared_box(a.box_xyxy, b.box_xyxy), within)};
}

Overlap compare(const PlacedDetection& a, const PlacedDetection& b, const PixelRect& within) {
  if (a.mask.empty() || b.mask.empty()) return compare_boxes(a, b, within);
  const double shared = static_cast<double>(shared_span_area(a.mask, b.mask, within));
  return {static_cast<double>(span_area(a.mask, within)), static_cast<double>(span_area(b.mask, within)), shared};
}

/// Places of a tile's detections that reach into the rectangle.
std::vector<size_t> within(const std::vector<PlacedDetection>& detections, size_t first, size_t end, const PixelRect& rect) {
  std::vector<size_t> places;
  for (size_t i = first; i < end; ++i)
    if (box_area(detections[i].box_xyxy, rect) > 0) places.push_back(i);
  return places;
}

class Linker {
 public:
  Linker(const TileGrid& grid, const std::vector<PlacedDetection>& detections)
      : grid_(grid), detections_(detections), first_(static_cast<size_t>(grid.tiles()) + 1, 0) {
    for (const PlacedDetection& each : detections) ++first_[static_cast<size_t>(each.tile) + 1];
    for (size_t tile = 1; tile < first_.size(); ++tile) first_[tile] += first_[tile - 1];
  }

  std::vector<TileLink> run(const CancelFlag& cancel) {
    for (int64_t tile = 0; tile < grid_.tiles(); ++tile) {
      throw_if_cancelled(cancel);
      if (count(tile) == 0) continue;
      for (const int64_t other : grid_.later_neighbours(tile)) link_tiles(tile, other);
    }
    return std::move(links_);
  }

 private:
  size_t first(int64_t tile) const { return first_[static_cast<size_t>(tile)]; }
  size_t count(int64_t tile) const { return first(tile + 1) - first(tile); }

  void link_tiles(int64_t tile, int64_t other) {
    const PixelRect both = shared_rect(grid_.rect(tile), grid_.rect(other));
    const std::vector<size_t> seconds = within(detections_, first(other), first(other + 1), both);
    if (seconds.empty()) return;
    for (const size_t first_place : within(detections_, first(tile), first(tile + 1), both))
      for (const size_t second_place : seconds) link(first_place, second_place, both);
  }

  void link(size_t first_place, size_t second_place, const PixelRect& both) {
    const PlacedDetection &a = detections_[first_place], &b = detections_[second_place];
    if (a.class_id != b.class_id || compare_boxes(a, b, both).shared <= 0) return;
    const Overlap overlap = compare(a, b, both);
    if (overlap.shared <= 0) return;
    const TileLink link = {first_place, second_place, overlap.iou(), overlap.shared / a.pixels, overlap.shared / b.pixels};
    if (std::max(link.share_of_first, link.share_of_second) >= kLeastShare) links_.push_back(link);
  }

  const TileGrid& grid_;
  const std::vector<PlacedDetection>& detections_;
  std::vector<size_t> first_;  // place of each tile's first detection
  std::vector<TileLink> links_;
};

/// Indices [from, to) of the tiles of one axis that share pixels with tile `index`.
std::array<int64_t, 2> neighbours(const std::vector<int64_t>& starts, int64_t index, int64_t size) {
  const int64_t start = starts[static_cast<size_t>(index)];
  const auto from = std::ranges::upper_bound(starts, start - size), to = std::ranges::lower_bound(starts, start + size);
  return {from - starts.begin(), to - starts.begin()};
}

}  // namespace

PixelRect TileGrid::rect(int64_t tile) const {
  const int64_t columns = std::ssize(lefts), left = lefts[static_cast<size_t>(tile % columns)], top = tops[static_cast<size_t>(tile / columns)];
  return {left, top, std::min(left + tile_size, picture.width), std::min(top + tile_size, picture.height)};
}

std::vector<int64_t> TileGrid::later_neighbours(int64_t tile) const {
  const int64_t columns = std::ssize(lefts);
  const auto [left, right] = neighbours(lefts, tile % columns, tile_size);
  const auto [top, bottom] = neighbours(tops, tile / columns, tile_size);
  std::vector<int64_t> later;
  for (int64_t row = top; row < bottom; ++row)
    for (int64_t column = left; column < right; ++column)
      if (row * columns + column > tile) later.push_back(row * columns + column);
  return later;
}

std::vector<TileLink> link_detections(const TileGrid& grid, const std::vector<PlacedDetection>& detections, const CancelFlag& cancel) {
  return Linker(grid, detections).run(cancel);
}

}  // namespace mimdet
