#include "ops/cpu/pack.h"

#include <algorithm>
#include <cmath>

namespace mimdet::cpu {
namespace {

/// `rows` rows, `row_stride` apart, as the columns of panels.
void pack_rows(int64_t panel, const float* from, int64_t row_stride, int64_t rows, int64_t depth, float factor, float* packed) {
  for (int64_t row = 0; row < rows; row += panel, packed += panel * depth) {
    const int64_t there = std::min(panel, rows - row);
    if (there < panel) std::fill_n(packed, panel * depth, 0.f);
    for (int64_t j = 0; j < there; ++j) {
      const float* source = from + (row + j) * row_stride;
      for (int64_t d = 0; d < depth; ++d) packed[d * panel + j] = source[d] * factor;
    }
  }
}

/// G · g · Gᵀ of one 3×3 kernel; the points are 0, ±√½, ±√2, ∞.
void to_points(const float* kernel, double (&points)[36]) {
  const double a = std::sqrt(0.5), b = std::sqrt(2.0);
  const double g[6][3] = {{1, 0, 0}, {-1 / 1.5, -a / 1.5, -0.5 / 1.5}, {-1 / 1.5, a / 1.5, -0.5 / 1.5}, {1 / 6., b / 6, 2 / 6.}, {1 / 6., -b / 6, 2 / 6.}, {0, 0, 1}};
  double half[6][3] = {};
  for (int i = 0; i < 6; ++i)
    for (int x = 0; x < 3; ++x)
      for (int y = 0; y < 3; ++y) half[i][x] += g[i][y] * kernel[3 * y + x];
  for (int i = 0; i < 6; ++i)
    for (int j = 0; j < 6; ++j) points[6 * i + j] = half[i][0] * g[j][0] + half[i][1] * g[j][1] + half[i][2] * g[j][2];
}

}  // namespace

void pack_weight(const Kernels& k, const float* weight, int64_t columns, int64_t depth, float* packed) {
  pack_rows(k.panel, weight, depth, columns, depth, 1.f, packed);
}

void pack_keys(int64_t panel, const float* keys, int64_t stride, int64_t length, int64_t dim, float factor, float* packed) {
  pack_rows(panel, keys, stride, length, dim, factor, packed);
}

void pack_values(int64_t panel, const float* values, int64_t stride, int64_t length, int64_t dim, float* packed) {
  for (int64_t column = 0; column < dim; column += panel, packed += panel * length) {
    const int64_t there = std::min(panel, dim - column);
    if (there < panel) std::fill_n(packed, panel * length, 0.f);
    for (int64_t row = 0; row < length; ++row) std::copy_n(values + row * stride + column, there, packed + row * panel);
  }
}

void pack_winograd(const Kernels& k, const float* weight, int64_t out, int64_t in, float* packed) {
  const int64_t matrix = packed_size(k.panel, out, in);
  std::fill_n(packed, 36 * matrix, 0.f);
  for (int64_t o = 0; o < out; ++o) {
    float* panel = packed + o / k.panel * k.panel * in + o % k.panel;
    for (int64_t i = 0; i < in; ++i) {
      double points[36];
      to_points(weight + (o * in + i) * 9, points);
      for (int p = 0; p < 36; ++p) panel[p * matrix + i * k.panel] = static_cast<float>(points[p]);
    }
  }
}

}  // namespace mimdet::cpu
