#include "inference/tile_merge.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <string>
#include <utility>

#include "inference/tile_suppression.h"

namespace mimdet {
namespace {

constexpr double kSameObject = 0.5;  // IoU where both tiles looked
constexpr double kInside = 0.5;      // share of a cut piece that whole objects hold
constexpr double kCutMargin = 1.0 / 64;  // of a tile's side: an object that ends so near to the edge may go on behind it

[[noreturn]] void refuse(const std::string& what, const std::string& name, const std::string& received) {
  fail_expected(ErrorCode::kInvalidArgument, what, name, received);
}

void check_axis(const std::vector<int64_t>& starts, int64_t length, const std::string& name) {
  const bool ascending = std::ranges::adjacent_find(starts, std::greater_equal()) == starts.end();
  if (starts.empty() || !ascending || starts.front() < 0 || starts.back() >= length)
    refuse("tiles in ascending order within the picture", name, std::to_string(starts.size()) + " others");
}

void check(const TileGrid& grid, const std::vector<TileDetection>& found, bool masks) {
  constexpr int64_t longest = std::numeric_limits<int32_t>::max();
  const auto [height, width] = grid.picture;
  if (height < 1 || width < 1 || height > longest || width > longest || grid.tile_size < 1 || grid.tile_size > longest)
    refuse("sides from 1 to 2^31 - 1", "picture", std::to_string(width) + " x " + std::to_string(height));
  if (masks) check_mask_size(grid.picture);
  check_axis(grid.lefts, width, "lefts");
  check_axis(grid.tops, height, "tops");
  for (const TileDetection& each : found) {
    if (each.tile < 0 || each.tile >= grid.tiles()) refuse("a tile of the grid", "tile", std::to_string(each.tile));
    if (std::isnan(each.detection.score)) refuse("a number", "scores", "none");  // it has no place in an order
  }
}

/// Whether it ends at an edge of its tile that has picture behind it.
bool is_cut(const TileGrid& grid, const PixelRect& tile, const std::array<double, 4>& box) {
  const double margin = static_cast<double>(grid.tile_size) * kCutMargin;
  const auto at_low = [&](double place, int64_t edge) { return edge > 0 && place - static_cast<double>(edge) < margin; };
  const auto at_high = [&](double place, int64_t edge, int64_t end) { return edge < end && static_cast<double>(edge) - place < margin; };
  return at_low(box[0], tile.left) || at_low(box[1], tile.top) || at_high(box[2], tile.right, grid.picture.width) ||
         at_high(box[3], tile.bottom, grid.picture.height);
}

PlacedDetection place(const TileGrid& grid, const TileDetection& found, bool masks) {
  const PixelRect tile = grid.rect(found.tile);
  const Detection& own = found.detection;
  PlacedDetection placed;
  placed.tile = found.tile;
  placed.score = own.score;
  placed.class_id = own.class_id;
  for (size_t i = 0; i < 4; ++i) {
    const auto start = static_cast<double>(i % 2 ? tile.top : tile.left);
    const auto end = static_cast<double>(i % 2 ? grid.picture.height : grid.picture.width);
    placed.box_xyxy[i] = std::clamp(start + static_cast<double>(own.box_xyxy[i]), 0.0, end);  // a tile may reach beyond the picture
  }
  if (masks) placed.mask = spans_from_rle(own.mask, tile.left, tile.top, grid.picture);
  const double box_pixels = (placed.box_xyxy[2] - placed.box_xyxy[0]) * (placed.box_xyxy[3] - placed.box_xyxy[1]);
  placed.pixels = placed.mask.empty() ? box_pixels : static_cast<double>(span_area(placed.mask, tile));
  placed.is_cut = is_cut(grid, tile, placed.box_xyxy);
  return placed;
}

bool has_area(const PlacedDetection& placed) {
  return placed.box_xyxy[2] > placed.box_xyxy[0] && placed.box_xyxy[3] > placed.box_xyxy[1];
}

/// Those that lie in the picture, in the order of their tiles.
std::vector<PlacedDetection> place_all(const TileGrid& grid, const std::vector<TileDetection>& found, bool masks) {
  std::vector<PlacedDetection> placed;
  for (const TileDetection& each : found) placed.push_back(place(grid, each, masks));
  std::erase_if(placed, [](const PlacedDetection& each) { return !has_area(each); });
  std::ranges::stable_sort(placed, {}, &PlacedDetection::tile);
  return placed;
}

/// Removes what others show better, then unites the pieces of what nobody saw whole.
class TileMerger {
 public:
  TileMerger(std::vector<PlacedDetection> placed, std::vector<TileLink> links)
      : placed_(std::move(placed)), links_(std::move(links)), gone_(placed_.size(), false), held_(placed_.size(), 0.0), links_of_(placed_.size()) {
    for (size_t i = 0; i < links_.size(); ++i)
      for (const size_t end : {links_[i].first, links_[i].second}) links_of_[end].push_back(i);
  }

  std::vector<PlacedDetection> run() {
    for (const size_t whole : whole_ones_best_first()) drop_what_it_shows(whole);
    for (size_t i = 0; i < placed_.size(); ++i)
      if (placed_[i].is_cut && held_[i] >= kInside) gone_[i] = true;
    unite_pieces();
    std::vector<PlacedDetection> kept;
    for (size_t i = 0; i < placed_.size(); ++i)
      if (!gone_[i]) kept.push_back(std::move(placed_[i]));
    return kept;
  }

 private:
  std::vector<size_t> whole_ones_best_first() const {
    std::vector<size_t> whole;
    for (size_t i = 0; i < placed_.size(); ++i)
      if (!placed_[i].is_cut) whole.push_back(i);
    std::ranges::stable_sort(whole, std::greater(), [&](size_t i) { return placed_[i].score; });
    return whole;
  }

  void drop_what_it_shows(size_t whole) {
    for (const size_t i : links_of_[whole]) {
      const TileLink& link = links_[i];
      const bool is_first = link.first == whole;
      const size_t other = is_first ? link.second : link.first;
      if (placed_[other].is_cut) hold(whole, other, is_first ? link.share_of_second : link.share_of_first);
      else if (!gone_[whole] && link.iou >= kSameObject) gone_[other] = true;
    }
  }

  /// Whole ones that stay hold parts of a piece together (it may be two objects in one); one that is gone counts alone: the one
  /// that took its place may not have been compared with the piece.
  void hold(size_t whole, size_t piece, double share) {
    held_[piece] = gone_[whole] ? std::max(held_[piece], share) : held_[piece] + share;
  }

  /// Each piece becomes part of the first of its group.
  void unite_pieces() {
    std::vector<size_t> group(placed_.size());
    std::iota(group.begin(), group.end(), size_t{0});
    const auto first_of = [&](size_t i) {
      while (group[i] != i) i = group[i] = group[group[i]];
      return i;
    };
    for (const TileLink& link : links_) {
      const bool whole = !placed_[link.first].is_cut && !placed_[link.second].is_cut;
      if (link.iou < kSameObject || whole || gone_[link.first] || gone_[link.second]) continue;
      const auto [low, high] = std::minmax({first_of(link.first), first_of(link.second)});
      group[high] = low;
    }
    for (size_t i = 0; i < placed_.size(); ++i)
      if (const size_t first = first_of(i); first != i) absorb(placed_[first], i);
  }

  void absorb(PlacedDetection& whole, size_t piece_index) {
    const PlacedDetection& piece = placed_[piece_index];
    whole.mask = unite_spans(whole.mask, piece.mask);
    whole.score = std::max(whole.score, piece.score);
    for (const size_t low : {0u, 1u}) whole.box_xyxy[low] = std::min(whole.box_xyxy[low], piece.box_xyxy[low]);
    for (const size_t high : {2u, 3u}) whole.box_xyxy[high] = std::max(whole.box_xyxy[high], piece.box_xyxy[high]);
    gone_[piece_index] = true;
  }

  std::vector<PlacedDetection> placed_;
  std::vector<TileLink> links_;
  std::vector<bool> gone_;
  std::vector<double> held_;                   // share of a cut piece that whole ones show
  std::vector<std::vector<size_t>> links_of_;  // of each detection
};

Detection finished(const PlacedDetection& placed, SizeHw picture, bool masks) {
  Detection detection{{}, placed.score, placed.class_id, {}};
  for (size_t i = 0; i < 4; ++i) detection.box_xyxy[i] = static_cast<float>(placed.box_xyxy[i]);
  if (masks) detection.mask = rle_from_spans(placed.mask, picture);
  return detection;
}

}  // namespace

std::vector<Detection> merge_tiles(const TileGrid& grid, const std::vector<TileDetection>& found, const TileMergeOptions& options,
                                   const CancelFlag& cancel) {
  check(grid, found, options.masks);
  std::vector<PlacedDetection> placed = place_all(grid, found, options.masks);
  std::vector<TileLink> links = link_detections(grid, placed, cancel);
  std::vector<PlacedDetection> objects = TileMerger(std::move(placed), std::move(links)).run();
  std::ranges::stable_sort(objects, std::greater(), &PlacedDetection::score);
  objects = suppress_boxes(std::move(objects), options.nms_threshold, grid.picture, cancel);
  if (options.most > 0 && std::ssize(objects) > options.most) objects.resize(static_cast<size_t>(options.most));
  std::vector<Detection> detections;
  for (const PlacedDetection& object : objects) detections.push_back(finished(object, grid.picture, options.masks));
  return detections;
}

}  // namespace mimdet
