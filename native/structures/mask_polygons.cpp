// Works on the runs of ones in each column, never on pixels. Every such run has an upper border, walked to the right, and a lower one,
// walked to the left, each one pixel long. On the line between two columns the borders that end there are joined in pairs.
#include "structures/mask_polygons.h"

#include <algorithm>
#include <string>

#include "base/error.h"

namespace mimdet {
namespace {

constexpr size_t kMaxBorders = size_t{1} << 26;

// Borders lie in the order of columns and rows, so an upper one has an even place and its lower one the place behind.
struct Border {
  uint32_t column, y;
  uint32_t next = 0;  // the border that a walk along the ring comes to next
};

bool is_upper(size_t place) { return place % 2 == 0; }

void add_column_run(std::vector<Border>& borders, uint32_t column, uint32_t from, uint32_t to) {
  if (borders.size() + 2 > kMaxBorders)
    fail_expected(ErrorCode::kInvalidArgument, "at most " + std::to_string(kMaxBorders / 2) + " runs within columns", "counts", "more");
  const bool continues = !borders.empty() && borders.back().column == column && borders.back().y == from;  // after a run of 0 zeros
  if (continues) {
    borders.back().y = to;
  } else {
    borders.push_back({column, from});
    borders.push_back({column, to});
  }
}

std::vector<Border> borders_of(const RleMask& mask) {
  std::vector<Border> borders;
  int64_t position = 0;
  for (size_t i = 0; i < mask.runs.size(); ++i) {
    const int64_t end = position + mask.runs[i];
    while (i % 2 == 1 && position < end) {
      const int64_t column = position / mask.height, column_start = column * mask.height;
      const int64_t stop = std::min(end, column_start + mask.height);
      add_column_run(borders, static_cast<uint32_t>(column), static_cast<uint32_t>(position - column_start),
                     static_cast<uint32_t>(stop - column_start));
      position = stop;
    }
    position = end;
  }
  return borders;
}

// Joins the borders of one column, [begin, middle), to those of the next, [middle, end), on the line between them. From the top, each
// two neighbours belong together: between them exactly one of the columns has ones. Where pieces meet in a corner alone, a lower
// border comes before an upper one, which keeps them apart.
void join_columns(std::vector<Border>& borders, size_t begin, size_t middle, size_t end, std::vector<size_t>& order) {
  order.clear();
  for (size_t i = begin; i < end; ++i) order.push_back(i);
  const auto above = [&](size_t a, size_t b) {
    return borders[a].y != borders[b].y ? borders[a].y < borders[b].y : is_upper(a) < is_upper(b);
  };
  std::inplace_merge(order.begin(), order.begin() + (middle - begin), order.end(), above);
  for (size_t i = 0; i < order.size(); i += 2) {
    // An upper border of the left column, or a lower one of the right column, arrives at the line; its partner leaves from it.
    const bool first_arrives = is_upper(order[i]) == (order[i] < middle);
    const size_t from = order[i + !first_arrives], to = order[i + first_arrives];
    borders[from].next = static_cast<uint32_t>(to);
  }
}

size_t end_of_column(const std::vector<Border>& borders, size_t begin) {
  size_t end = begin;
  while (end < borders.size() && borders[end].column == borders[begin].column) ++end;
  return end;
}

void join_all(std::vector<Border>& borders) {
  std::vector<size_t> order;
  size_t left = 0;  // the column before the present one, or empty where that has no ones
  for (size_t begin = 0; begin < borders.size();) {
    const size_t end = end_of_column(borders, begin);
    const bool adjacent = left < begin && borders[left].column + 1 == borders[begin].column;
    if (!adjacent) join_columns(borders, left, begin, begin, order);  // closes the left column towards empty space
    join_columns(borders, adjacent ? left : begin, begin, end, order);
    left = begin;
    begin = end;
  }
  join_columns(borders, left, borders.size(), borders.size(), order);
}

// The topmost border of a hole is a lower one: there are ones above it, down from an upper border that belongs to another ring.
// Exchanging where the hole's border and the one before that upper border lead makes one ring of two.
void cut_slits(std::vector<Border>& borders) {
  std::vector<bool> seen(borders.size(), false);
  std::vector<size_t> hole_tops;
  for (size_t start = 0; start < borders.size(); ++start) {
    if (seen[start]) continue;
    size_t top = start;
    for (size_t at = start; !seen[at]; at = borders[at].next) {
      seen[at] = true;
      if (borders[at].y < borders[top].y) top = at;
    }
    if (!is_upper(top)) hole_tops.push_back(top);
  }
  if (hole_tops.empty()) return;
  std::vector<uint32_t> before(borders.size());
  for (size_t i = 0; i < borders.size(); ++i) before[borders[i].next] = static_cast<uint32_t>(i);
  for (const size_t top : hole_tops) {
    const uint32_t upper = static_cast<uint32_t>(top - 1), lead = before[upper];
    std::swap(borders[lead].next, borders[top].next);
    before[borders[lead].next] = lead;
    before[upper] = static_cast<uint32_t>(top);
  }
}

// Three points on one vertical or horizontal line: the middle one says nothing.
bool in_line(const double* a, const double* b, const double* c) {
  return (a[0] == b[0] && b[0] == c[0]) || (a[1] == b[1] && b[1] == c[1]);
}

void add_point(std::vector<double>& ring, double x, double y) {
  const double point[2] = {x, y};
  while (ring.size() >= 4 && in_line(&ring[ring.size() - 4], &ring[ring.size() - 2], point)) ring.resize(ring.size() - 2);
  ring.insert(ring.end(), point, point + 2);
}

// Where the walk began in the middle of a line.
void tidy_ends(std::vector<double>& ring) {
  while (ring.size() > 8 && in_line(&ring[ring.size() - 4], &ring[ring.size() - 2], &ring[0])) ring.resize(ring.size() - 2);
  while (ring.size() > 8 && in_line(&ring[ring.size() - 2], &ring[0], &ring[2])) ring.erase(ring.begin(), ring.begin() + 2);
}

std::vector<double> walk(const std::vector<Border>& borders, size_t start, std::vector<bool>& seen) {
  std::vector<double> ring;
  for (size_t at = start; !seen[at]; at = borders[at].next) {
    seen[at] = true;
    const double x = borders[at].column, y = borders[at].y;
    add_point(ring, is_upper(at) ? x : x + 1, y);
    add_point(ring, is_upper(at) ? x + 1 : x, y);
  }
  tidy_ends(ring);
  return ring;
}

}  // namespace

std::vector<std::vector<double>> mask_to_polygons(const RleMask& mask) {
  std::vector<Border> borders = borders_of(mask);
  if (borders.empty()) return {};
  join_all(borders);
  cut_slits(borders);
  std::vector<std::vector<double>> rings;
  std::vector<bool> seen(borders.size(), false);
  for (size_t start = 0; start < borders.size(); ++start)
    if (!seen[start]) rings.push_back(walk(borders, start, seen));
  return rings;
}

}  // namespace mimdet
