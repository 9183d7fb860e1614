// The gradient of a 3×3 convolution's weights: of y = Aᵀ [(G g Gᵀ) ⊙ (Bᵀ x B)] A it is Gᵀ [Σ over tiles (A dy Aᵀ) ⊙ (Bᵀ x B)] G.
#include <algorithm>
#include <cmath>
#include <vector>

#include "ops/cpu/partial_sums.h"
#include "ops/cpu/winograd.h"
#include "ops/cpu/winograd_grid.h"

namespace mimdet::cpu {
namespace {

void transform_gradients(const Kernels& k, const WinogradGrid& grid, const WinogradWeightGradient& g, int64_t first,
                         int64_t count, const float* zeros, float* points) {
  WinogradGradient gradient{.pixels = {}, .points = points, .point_stride = winograd_point_stride(g.out), .channels = g.out};
  for (int64_t i = 0; i < count; ++i, gradient.points += g.out) {
    const WinogradPlace place = grid(first + i);
    for (int64_t p = 0; p < kWinogradOut * kWinogradOut; ++p) {
      const int64_t y = place.top + p / kWinogradOut, x = place.left + p % kWinogradOut;
      gradient.pixels[p] = grid.has(y, x) ? g.dy + grid.pixel(place, y, x) * g.out : zeros;
    }
    k.winograd_gradient(gradient);
  }
}

/// sums (36, in, out) += of these tiles.
void add_products(const Kernels& k, const WinogradWeightGradient& g, int64_t count, const float* inputs, const float* gradients,
                  float* scratch, float* sums) {
  for (int64_t p = 0; p < kWinogradPoints; ++p) {
    k.multiply_transposed({.a = inputs + p * winograd_point_stride(g.in),
                           .a_stride = g.in,
                           .b = gradients + p * winograd_point_stride(g.out),
                           .b_stride = g.out,
                           .c = sums + p * g.in * g.out,
                           .c_stride = g.out,
                           .rows = g.in,
                           .depth = count,
                           .columns = g.out,
                           .scratch = scratch});
  }
}

/// Gᵀ · points · G of one kernel; the points are 0, ±√½, ±√2, ∞.
void from_points(const double (&points)[36], float* kernel) {
  static const double a = std::sqrt(0.5), b = std::sqrt(2.0);
  static const double g[6][3] = {{1, 0, 0},
                                 {-1 / 1.5, -a / 1.5, -0.5 / 1.5},
                                 {-1 / 1.5, a / 1.5, -0.5 / 1.5},
                                 {1 / 6., b / 6, 2 / 6.},
                                 {1 / 6., -b / 6, 2 / 6.},
                                 {0, 0, 1}};
  double half[3][6] = {};
  for (int y = 0; y < 3; ++y)
    for (int j = 0; j < 6; ++j)
      for (int i = 0; i < 6; ++i) half[y][j] += g[i][y] * points[6 * i + j];
  for (int y = 0; y < 3; ++y)
    for (int x = 0; x < 3; ++x) {
      double sum = 0;
      for (int j = 0; j < 6; ++j) sum += half[y][j] * g[j][x];
      kernel[3 * y + x] = static_cast<float>(sum);
    }
}

void transform_weights(const float* sums, const WinogradWeightGradient& g) {
  at::parallel_for(0, g.in, 8, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i)
      for (int64_t o = 0; o < g.out; ++o) {
        double points[36];
        for (int64_t p = 0; p < kWinogradPoints; ++p) points[p] = sums[(p * g.in + i) * g.out + o];
        from_points(points, g.dw + (o * g.in + i) * 9);
      }
  });
}

}  // namespace

void winograd_weight_gradient(const Kernels& k, const WinogradWeightGradient& g) {
  const WinogradGrid grid(g.pictures, g.height, g.width);
  const std::vector<float> zeros(std::max(g.in, g.out), 0.f);
  const int64_t tiles = winograd_tiles_a_task(k, grid.size());
  PartialSums sums((grid.size() + tiles - 1) / tiles, kWinogradPoints * g.in * g.out);
  sums.run([&](int64_t begin, int64_t end, float* part) {
    std::vector<float> inputs(kWinogradPoints * winograd_point_stride(g.in)),
        gradients(kWinogradPoints * winograd_point_stride(g.out)), scratch(k.transposed_scratch);
    for (int64_t first = begin * tiles; first < std::min(end * tiles, grid.size()); first += tiles) {
      const int64_t count = std::min(tiles, grid.size() - first);
      winograd_inputs(k, grid, g.x, g.in, first, count, zeros.data(), false, inputs.data());
      transform_gradients(k, grid, g, first, count, zeros.data(), gradients.data());
      add_products(k, g, count, inputs.data(), gradients.data(), scratch.data(), part);
    }
  });
  transform_weights(sums.total(), g);
}

}  // namespace mimdet::cpu
