#include "data/augment/mask_window.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace mimdet {
namespace {

constexpr double kAlmost = 1e-9;  // of a pixel: what rounding leaves of sums that are whole in exact arithmetic

MaskWindow blank(int64_t left, int64_t top, int64_t right, int64_t bottom) {
  if (left >= right || top >= bottom) return {};
  return {left, top, right - left, bottom - top, std::vector<uint8_t>((right - left) * (bottom - top), 0)};
}

/// The window after the flips and turns of a placement, with the scale and shift that are left.
struct Upright {
  MaskWindow window;  // its left and top are not used
  double scale_x, scale_y, left, top;  // where it begins, in the frame of now
};

Upright upright(const MaskWindow& from, const Placement& placement) {
  const bool transposed = placement.transposed();
  const double scale_x = placement.xx + placement.xy, scale_y = placement.yx + placement.yy;
  const BoxXyxy box = placement.box({static_cast<double>(from.left), static_cast<double>(from.top),
                                     static_cast<double>(from.left + from.width), static_cast<double>(from.top + from.height)});
  MaskWindow to = transposed ? blank(0, 0, from.height, from.width) : blank(0, 0, from.width, from.height);
  for (int64_t y = 0; y < to.height; ++y)
    for (int64_t x = 0; x < to.width; ++x) {
      const int64_t u = scale_x < 0 ? to.width - 1 - x : x, v = scale_y < 0 ? to.height - 1 - y : y;
      to.rows[y * to.width + x] = transposed ? from.rows[u * from.width + v] : from.rows[v * from.width + u];
    }
  return {std::move(to), std::abs(scale_x), std::abs(scale_y), box[0], box[1]};
}

/// Adds to `sums` what the rows from `low` to `high` (which may be fractions) hold in each column.
void add_rows(const MaskWindow& window, double low, double high, std::vector<double>& sums) {
  std::fill(sums.begin(), sums.end(), 0.0);
  low = std::max(low, 0.0), high = std::min(high, static_cast<double>(window.height));
  for (int64_t y = static_cast<int64_t>(low); y < window.height && static_cast<double>(y) < high; ++y) {
    const double share = std::min(high, static_cast<double>(y + 1)) - std::max(low, static_cast<double>(y));
    const uint8_t* row = &window.rows[y * window.width];
    for (int64_t x = 0; x < window.width; ++x) sums[x] += share * row[x];
  }
}

/// Σ of the columns left of `x`, which may be a fraction; `before[i]` is the sum of the first i columns.
double sum_until(const std::vector<double>& before, double x) {
  const auto columns = static_cast<double>(before.size() - 1);
  x = std::clamp(x, 0.0, columns);
  const auto whole = std::min(static_cast<size_t>(x), before.size() - 2);
  return before[whole] + (before[whole + 1] - before[whole]) * (x - static_cast<double>(whole));
}

void fill_half_covered(const Upright& from, MaskWindow& to) {
  std::vector<double> sums(from.window.width), before(from.window.width + 1, 0.0);
  const double half = 0.5 / (from.scale_x * from.scale_y) * (1 - kAlmost);  // in pixels of the source
  for (int64_t y = 0; y < to.height; ++y) {
    const double top = (static_cast<double>(to.top + y) - from.top) / from.scale_y;
    add_rows(from.window, top, top + 1 / from.scale_y, sums);
    std::partial_sum(sums.begin(), sums.end(), before.begin() + 1);
    double left_sum = sum_until(before, (static_cast<double>(to.left) - from.left) / from.scale_x);
    for (int64_t x = 0; x < to.width; ++x) {
      const double right_sum = sum_until(before, (static_cast<double>(to.left + x + 1) - from.left) / from.scale_x);
      to.rows[y * to.width + x] = right_sum - left_sum >= half;
      left_sum = right_sum;
    }
  }
}

void fill_middles(const Upright& from, MaskWindow& to) {
  for (int64_t y = 0; y < to.height; ++y)
    for (int64_t x = 0; x < to.width; ++x) {
      const auto u = static_cast<int64_t>(std::floor((static_cast<double>(to.left + x) + 0.5 - from.left) / from.scale_x));
      const auto v = static_cast<int64_t>(std::floor((static_cast<double>(to.top + y) + 0.5 - from.top) / from.scale_y));
      const bool inside = u >= 0 && v >= 0 && u < from.window.width && v < from.window.height;
      to.rows[y * to.width + x] = inside && from.window.rows[v * from.window.width + u];
    }
}

}  // namespace

int64_t MaskWindow::area() const { return std::accumulate(rows.begin(), rows.end(), int64_t{0}); }

MaskWindow window_of(const RleMask& mask) {
  const BoxXywh box = rle_bounding_box(mask);
  const auto left = static_cast<int64_t>(box[0]), top = static_cast<int64_t>(box[1]);
  MaskWindow window = blank(left, top, left + static_cast<int64_t>(box[2]), top + static_cast<int64_t>(box[3]));
  int64_t position = 0;
  for (size_t i = 0; i < mask.runs.size(); ++i) {
    int64_t x = position / mask.height, y = position % mask.height;
    for (uint32_t left_over = i % 2 == 1 ? mask.runs[i] : 0; left_over > 0; --left_over) {
      window.at(x, y) = 1;
      if (++y == mask.height) y = 0, ++x;
    }
    position += mask.runs[i];
  }
  return window;
}

RleMask rle_of(const MaskWindow& window, SizeHw frame) {
  RleMask mask{frame.height, frame.width, {}};
  int64_t written = 0;  // pixels that the runs hold so far
  bool open = false;    // whether the last of them is one of ones, which the next column may go on with
  const auto close_at = [&](int64_t position) {
    mask.runs.push_back(static_cast<uint32_t>(position - written));
    written = position;
    open = !open;
  };
  for (int64_t x = 0; x < window.width; ++x) {
    const int64_t column = (window.left + x) * frame.height + window.top;
    for (int64_t y = 0; y < window.height; ++y)
      if ((window.rows[y * window.width + x] != 0) != open) close_at(column + y);
    const bool next_is_adjacent = window.height == frame.height && x + 1 < window.width;
    if (open && !next_is_adjacent) close_at(column + window.height);
  }
  if (written < frame.height * frame.width) close_at(frame.height * frame.width);
  return mask;
}

MaskWindow trimmed(const MaskWindow& window) {
  int64_t left = window.width, right = 0, top = window.height, bottom = 0;
  for (int64_t y = 0; y < window.height; ++y)
    for (int64_t x = 0; x < window.width; ++x) {
      if (!window.rows[y * window.width + x]) continue;
      left = std::min(left, x), right = std::max(right, x + 1), top = std::min(top, y), bottom = y + 1;
    }
  MaskWindow small = blank(window.left + left, window.top + top, window.left + right, window.top + bottom);
  for (int64_t y = 0; y < small.height; ++y)
    std::copy_n(&window.rows[(top + y) * window.width + left], small.width, &small.rows[y * small.width]);
  return small;
}

MaskWindow moved(const MaskWindow& window, const Placement& placement) {
  if (window.empty()) return {};
  const Upright from = upright(window, placement);
  const BoxXyxy whole{from.left, from.top, from.left + from.scale_x * static_cast<double>(from.window.width),
                      from.top + from.scale_y * static_cast<double>(from.window.height)};
  const BoxXyxy seen = clipped(whole, placement.content);
  if (seen[0] >= seen[2] || seen[1] >= seen[3]) return {};
  const auto low = [](double value) { return static_cast<int64_t>(std::floor(value + kAlmost)); };
  const auto high = [](double value) { return static_cast<int64_t>(std::ceil(value - kAlmost)); };
  MaskWindow to = blank(low(seen[0]), low(seen[1]), high(seen[2]), high(seen[3]));
  if (to.empty()) return {};
  fill_half_covered(from, to);
  if (to.area() == 0) fill_middles(from, to);
  return trimmed(to);
}

}  // namespace mimdet
