#include "ops/cpu/winograd.h"

#include <ATen/Parallel.h>

#include <algorithm>
#include <vector>

#include "ops/cpu/pack.h"

namespace mimdet::cpu {
namespace {

constexpr int64_t kMaxTilesATask = 48;  // of 36 points: 1.7 MB for 256 channels, while the weights of a point are read once a task
constexpr int64_t kOut = 4, kIn = 6, kPoints = 36;

/// Tiles in a task: as many tasks as give every thread the same number of them.
int64_t tiles_a_task(const Kernels& k, int64_t tiles) {
  const int64_t tasks = round_up((tiles + kMaxTilesATask - 1) / kMaxTilesATask, at::get_num_threads());
  return round_up((tiles + tasks - 1) / tasks, k.tile);
}

/// Floats from a point to the next. Not a multiple of 4 KB, or all 36 would fall into one set of the first cache.
constexpr int64_t point_stride(int64_t channels) { return kMaxTilesATask * channels + 80; }

/// Where a tile's pixels stand. Tiles are counted over all pictures, row by row.
struct Place {
  int64_t picture, top, left;  // of the 4×4 pixels that come out
};

struct Grid {
  const WinogradConvolution& c;
  int64_t rows, columns;

  explicit Grid(const WinogradConvolution& c) : c(c), rows((c.height + kOut - 1) / kOut), columns((c.width + kOut - 1) / kOut) {}
  int64_t size() const { return c.pictures * rows * columns; }
  Place operator()(int64_t tile) const { return {tile / (rows * columns), tile / columns % rows * kOut, tile % columns * kOut}; }
  bool has(int64_t y, int64_t x) const { return y >= 0 && y < c.height && x >= 0 && x < c.width; }
  int64_t pixel(const Place& place, int64_t y, int64_t x) const { return (place.picture * c.height + y) * c.width + x; }
};

struct Scratch {
  std::vector<float> inputs, outputs;  // (36, tiles, in), (36, tiles, out)
};

void transform_inputs(const Kernels& k, const Grid& grid, int64_t first, int64_t count, const float* zeros, float* points) {
  const int64_t channels = grid.c.in;
  WinogradInput input{.pixels = {}, .points = points, .point_stride = point_stride(channels), .channels = channels};
  for (int64_t i = 0; i < count; ++i, input.points += channels) {
    const Place place = grid(first + i);
    for (int64_t p = 0; p < kPoints; ++p) {
      const int64_t y = place.top - 1 + p / kIn, x = place.left - 1 + p % kIn;
      input.pixels[p] = grid.has(y, x) ? grid.c.x + grid.pixel(place, y, x) * channels : zeros;
    }
    k.winograd_input(input);
  }
}

void multiply_points(const Kernels& k, const WinogradConvolution& c, int64_t count, const float* inputs, float* outputs) {
  const int64_t matrix = packed_size(k, c.out, c.in);
  for (int64_t p = 0; p < kPoints; ++p) {
    k.multiply({.a = inputs + p * point_stride(c.in),
                .a_stride = c.in,
                .weight = c.weight + p * matrix,
                .bias = nullptr,
                .c = outputs + p * point_stride(c.out),
                .c_stride = c.out,
                .rows = count,
                .depth = c.in,
                .columns = c.out});
  }
}

void transform_outputs(const Kernels& k, const Grid& grid, int64_t first, int64_t count, const float* points) {
  const int64_t channels = grid.c.out;
  WinogradOutput output{.points = points, .point_stride = point_stride(channels), .pixels = {}, .bias = grid.c.bias, .channels = channels, .relu = grid.c.relu};
  for (int64_t i = 0; i < count; ++i, output.points += channels) {
    const Place place = grid(first + i);
    for (int64_t p = 0; p < kOut * kOut; ++p) {
      const int64_t y = place.top + p / kOut, x = place.left + p % kOut;
      output.pixels[p] = grid.has(y, x) ? grid.c.y + grid.pixel(place, y, x) * channels : nullptr;
    }
    k.winograd_output(output);
  }
}

}  // namespace

void winograd_convolution(const Kernels& k, const WinogradConvolution& c) {
  const Grid grid(c);
  const std::vector<float> zeros(c.in, 0.f);
  const int64_t tiles = tiles_a_task(k, grid.size()), tasks = (grid.size() + tiles - 1) / tiles;
  at::parallel_for(0, tasks, 1, [&](int64_t begin, int64_t end) {
    Scratch scratch{std::vector<float>(kPoints * point_stride(c.in)), std::vector<float>(kPoints * point_stride(c.out))};
    for (int64_t task = begin; task < end; ++task) {
      const int64_t first = task * tiles, count = std::min(tiles, grid.size() - first);
      transform_inputs(k, grid, first, count, zeros.data(), scratch.inputs.data());
      multiply_points(k, c, count, scratch.inputs.data(), scratch.outputs.data());
      transform_outputs(k, grid, first, count, scratch.outputs.data());
    }
  });
}

}  // namespace mimdet::cpu
