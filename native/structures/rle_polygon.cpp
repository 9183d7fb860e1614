// Polygons and boxes to masks, by the rule of the COCO tools: every edge is drawn on a grid of fifths of a pixel, and where it
// passes the middle of a pixel column it toggles the pixels below that point. Only those passages are computed here, so the work
// depends on the picture's width and not on how far outside a polygon reaches. Compiled without contracted floating point.
#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <string>

#include "base/error.h"
#include "structures/rle_mask.h"

namespace mimdet {
namespace {

constexpr int64_t kFifths = 5;
constexpr double kMaxCoordinate = 2e8;             // five times this fits a 32-bit integer
constexpr size_t kMaxCrossings = size_t{1} << 22;  // of one object; a few hundred bytes of text must not ask for gigabytes

struct GridPoint {
  int64_t x, y;  // fifths of a pixel
};

struct Edge {
  GridPoint from, to;
};

// Rounds half up for positive numbers and towards zero for negative ones, as the COCO tools do.
int64_t to_grid(double value) { return static_cast<int64_t>(value + 0.5); }

[[noreturn]] void refuse_crossings() {
  fail_expected(ErrorCode::kInvalidArgument, "an outline that passes at most " + std::to_string(kMaxCrossings) + " columns",
                "segmentation", "one that passes more");
}

int64_t round_up_divide(int64_t a, int64_t b) { return a >= 0 ? (a + b - 1) / b : -(-a / b); }

// The passages of an outline through the middles of pixel columns, as positions x * height + y of the first pixel below.
class Crossings {
 public:
  explicit Crossings(SizeHw size) : size_(size) {}

  void add(Edge edge) {
    const int64_t dx = std::abs(edge.to.x - edge.from.x), dy = std::abs(edge.to.y - edge.from.y);
    if (dx == 0) return;  // along a column: passes no middle
    const bool flat = dx >= dy;
    if (flat ? edge.from.x > edge.to.x : edge.from.y > edge.to.y) std::swap(edge.from, edge.to);
    flat ? add_flat(edge, dx) : add_steep(edge, dy);
  }

  RleMask to_mask() &&;

 private:
  // A middle lies between the grid's x = 5 column + 2 and + 3. Those in [low, high) of the grid, within the picture:
  template <class Visit>
  void for_each_middle(int64_t low, int64_t high, Visit visit) {
    const int64_t first = std::max<int64_t>(0, round_up_divide(low - 2, kFifths));
    const int64_t end = std::min(size_.width, round_up_divide(high - 2, kFifths));
    for (int64_t column = first; column < end; ++column) push(column, visit(kFifths * column + 2));
  }

  // The edge goes right, at most one step down or up for a step to the right.
  void add_flat(const Edge& edge, int64_t dx) {
    const double slope = static_cast<double>(edge.to.y - edge.from.y) / static_cast<double>(dx);
    const auto y_at = [&](int64_t t) { return to_grid(static_cast<double>(edge.from.y) + slope * static_cast<double>(t)); };
    for_each_middle(edge.from.x, edge.to.x, [&](int64_t x) { return std::min(y_at(x - edge.from.x), y_at(x - edge.from.x + 1)); });
  }

  // The edge goes down, less than one step right or left for a step down: look for the step at which x passes the middle.
  void add_steep(const Edge& edge, int64_t dy) {
    const double slope = static_cast<double>(edge.to.x - edge.from.x) / static_cast<double>(dy);
    const auto x_at = [&](int64_t t) { return to_grid(static_cast<double>(edge.from.x) + slope * static_cast<double>(t)); };
    const bool right = slope > 0;
    for_each_middle(std::min(edge.from.x, edge.to.x), std::max(edge.from.x, edge.to.x), [&](int64_t x) {
      const auto passed = [&](int64_t t) { return right ? x_at(t) > x : x_at(t) <= x; };
      const double guess = (static_cast<double>(x) + 0.5 - static_cast<double>(edge.from.x)) / slope;
      int64_t t = std::clamp<int64_t>(static_cast<int64_t>(guess), 0, dy - 1);
      while (t > 0 && passed(t)) --t;
      while (t < dy - 1 && !passed(t + 1)) ++t;
      return edge.from.y + t;
    });
  }

  void push(int64_t column, int64_t grid_y) {
    if (positions_.size() == kMaxCrossings) refuse_crossings();
    const double y = (static_cast<double>(grid_y) + 0.5) / kFifths - 0.5;
    const double row = std::ceil(std::clamp(y, 0.0, static_cast<double>(size_.height)));
    positions_.push_back(static_cast<uint32_t>(column * size_.height + static_cast<int64_t>(row)));
  }

  SizeHw size_;
  std::vector<uint32_t> positions_;
};

// Two passages at one position cancel each other; what remains are the borders between runs.
RleMask Crossings::to_mask() && {
  std::sort(positions_.begin(), positions_.end());
  RleMask mask{size_.height, size_.width, {}};
  const uint32_t pixels = static_cast<uint32_t>(size_.height * size_.width);
  uint32_t before = 0;
  for (size_t i = 0; i < positions_.size(); ++i) {
    if (i + 1 < positions_.size() && positions_[i] == positions_[i + 1]) {
      ++i;
      continue;
    }
    if (positions_[i] == pixels) break;
    mask.runs.push_back(positions_[i] - before);
    before = positions_[i];
  }
  mask.runs.push_back(pixels - before);
  return mask;
}

GridPoint grid_point(double x, double y) {
  for (const double value : {x, y})
    if (!(std::abs(value) <= kMaxCoordinate))
      fail_expected(ErrorCode::kInvalidArgument, "coordinates within 200 million pixels", "segmentation", std::to_string(value));
  return {to_grid(kFifths * x), to_grid(kFifths * y)};
}

}  // namespace

RleMask rle_from_polygon(SizeHw size, std::span<const double> ring) {
  check_mask_size(size);
  if (ring.empty() || ring.size() % 2 != 0)
    fail_expected(ErrorCode::kInvalidArgument, "an even number of coordinates", "segmentation", std::to_string(ring.size()));
  Crossings crossings(size);
  GridPoint last = grid_point(ring[ring.size() - 2], ring[ring.size() - 1]);
  for (size_t i = 0; i < ring.size(); i += 2) {
    const GridPoint point = grid_point(ring[i], ring[i + 1]);
    crossings.add({last, point});
    last = point;
  }
  return std::move(crossings).to_mask();
}

RleMask rle_from_polygons(SizeHw size, std::span<const std::vector<double>> rings) {
  std::vector<RleMask> masks;
  masks.reserve(rings.size());
  size_t crossings = 0;
  for (const std::vector<double>& ring : rings) {
    masks.push_back(rle_from_polygon(size, ring));
    crossings += masks.back().runs.size();
    if (crossings > kMaxCrossings) refuse_crossings();
  }
  return rle_union(masks);
}

RleMask rle_from_box(SizeHw size, const BoxXywh& box) {
  const double left = box[0], top = box[1], right = left + box[2], bottom = top + box[3];
  return rle_from_polygon(size, std::array{left, top, left, bottom, right, bottom, right, top});
}

}  // namespace mimdet
