// Sutherland and Hodgman (1974): the ring is cut at one edge after the other.
#include "data/augment/clip_polygon.h"

#include <cmath>
#include <cstddef>
#include <limits>

namespace mimdet {
namespace {

/// Keeps what lies on the side of `limit` where sign * coordinate is larger; axis 0 is x, 1 is y.
std::vector<double> cut(const std::vector<double>& ring, size_t axis, double limit, double sign) {
  std::vector<double> out;
  out.reserve(ring.size() + 8);
  const auto depth = [&](size_t i) { return sign * (ring[i + axis] - limit); };
  size_t last = ring.size() - 2;
  for (size_t i = 0; i < ring.size(); last = i, i += 2) {
    const double from = depth(last), to = depth(i);
    if ((from >= 0) != (to >= 0)) {
      const double other = ring[last + 1 - axis] + (ring[i + 1 - axis] - ring[last + 1 - axis]) * (from / (from - to));
      out.push_back(axis == 0 ? limit : other);
      out.push_back(axis == 0 ? other : limit);
    }
    if (to >= 0) out.insert(out.end(), {ring[i], ring[i + 1]});
  }
  return out;
}

double twice_area(const std::vector<double>& ring) {
  double sum = 0;
  const double x = ring[0], y = ring[1];  // from a point of the ring: far from the origin the products lose digits
  for (size_t i = 2; i + 2 < ring.size(); i += 2)
    sum += (ring[i] - x) * (ring[i + 3] - y) - (ring[i + 2] - x) * (ring[i + 1] - y);
  return std::abs(sum);
}

bool has_area(const std::vector<double>& ring) { return ring.size() >= 6 && twice_area(ring) > 1e-10; }

}  // namespace

std::vector<double> clip_polygon(const std::vector<double>& ring, const BoxXyxy& window) {
  std::vector<double> out = ring;
  const struct {
    size_t axis;
    double limit, sign;
  } edges[] = {{0, window[0], 1}, {0, window[2], -1}, {1, window[1], 1}, {1, window[3], -1}};
  for (const auto& [axis, limit, sign] : edges) {
    if (out.size() < 6) return {};
    out = cut(out, axis, limit, sign);
  }
  if (!has_area(out)) return {};
  return out;
}

BoxXyxy bounds_of(const std::vector<std::vector<double>>& rings) {
  constexpr double kFar = std::numeric_limits<double>::infinity();
  BoxXyxy box{kFar, kFar, -kFar, -kFar};
  for (const auto& ring : rings)
    for (size_t i = 0; i + 1 < ring.size(); i += 2)
      box = {std::min(box[0], ring[i]), std::min(box[1], ring[i + 1]), std::max(box[2], ring[i]), std::max(box[3], ring[i + 1])};
  return box;
}

}  // namespace mimdet
