#include "ops/cpu/winograd.h"

#include <ATen/ops/empty.h>

#include <algorithm>
#include <vector>

#include "ops/cpu/pack.h"
#include "ops/cpu/share.h"
#include "ops/cpu/winograd_grid.h"

namespace mimdet::cpu {
namespace {

/// Points of a task's tiles. Nobody fills them with zeros: that would take as long as a small convolution.
struct Scratch {
  at::Tensor inputs, outputs;  // (36, tiles, in), (36, tiles, out)

  explicit Scratch(const WinogradConvolution& c) : inputs(points(c.in)), outputs(points(c.out)) {}

 private:
  static at::Tensor points(int64_t channels) { return at::empty({kWinogradPoints * winograd_point_stride(channels)}, at::kFloat); }
};

void multiply_points(const Kernels& k, const WinogradConvolution& c, int64_t count, const float* inputs, float* outputs) {
  const int64_t matrix = packed_size(k.panel, c.out, c.in);
  for (int64_t p = 0; p < kWinogradPoints; ++p) {
    k.multiply({.a = inputs + p * winograd_point_stride(c.in),
                .a_stride = 0,
                .weight = c.weight + p * matrix,
                .bias = nullptr,
                .c = outputs + p * winograd_point_stride(c.out),
                .c_stride = c.out,
                .rows = count,
                .depth = c.in,
                .columns = c.out,
                .laid_out = true});
  }
}

void transform_outputs(const Kernels& k, const WinogradGrid& grid, const WinogradConvolution& c, int64_t first, int64_t count,
                       const float* points) {
  WinogradOutput output{.points = points,
                        .point_stride = winograd_point_stride(c.out),
                        .pixels = {},
                        .bias = c.bias,
                        .channels = c.out,
                        .relu = c.relu};
  for (int64_t i = 0; i < count; ++i, output.points += c.out) {
    const WinogradPlace place = grid(first + i);
    for (int64_t p = 0; p < kWinogradOut * kWinogradOut; ++p) {
      const int64_t y = place.top + p / kWinogradOut, x = place.left + p % kWinogradOut;
      output.pixels[p] = grid.has(y, x) ? c.y + grid.pixel(place, y, x) * c.out : nullptr;
    }
    k.winograd_output(output);
  }
}

}  // namespace

int64_t winograd_tiles_a_task(const Kernels& k, int64_t tiles) {
  const int64_t tasks = even_pieces(tiles, kMaxTilesATask);
  return round_up((tiles + tasks - 1) / tasks, k.tile);
}

void winograd_inputs(const Kernels& k, const WinogradGrid& grid, const float* x, int64_t channels, int64_t first, int64_t count,
                     const float* zeros, bool laid_out, float* points) {
  WinogradInput input{.pixels = {},
                      .points = points,
                      .point_stride = winograd_point_stride(channels),
                      .lanes_stride = laid_out ? k.tile * k.lanes : k.lanes,
                      .channels = channels};
  for (int64_t i = 0; i < count; ++i) {
    const WinogradPlace place = grid(first + i);
    for (int64_t p = 0; p < kWinogradPoints; ++p) {
      const int64_t row = place.top - 1 + p / kWinogradIn, column = place.left - 1 + p % kWinogradIn;
      input.pixels[p] = grid.has(row, column) ? x + grid.pixel(place, row, column) * channels : zeros;
    }
    input.points = points + (laid_out ? i / k.tile * k.tile * channels + i % k.tile * k.lanes : i * channels);
    k.winograd_input(input);
  }
}

void winograd_convolution(const Kernels& k, const WinogradConvolution& c) {
  const WinogradGrid grid(c.pictures, c.height, c.width);
  const std::vector<float> zeros(c.in, 0.f);
  const int64_t tiles = winograd_tiles_a_task(k, grid.size()), tasks = (grid.size() + tiles - 1) / tiles;
  share(tasks, [&](Pieces& pieces) {
    const Scratch scratch(c);
    float *inputs = scratch.inputs.mutable_data_ptr<float>(), *outputs = scratch.outputs.mutable_data_ptr<float>();
    for (int64_t task; pieces.take(task);) {
      const int64_t first = task * tiles, count = std::min(tiles, grid.size() - first);
      winograd_inputs(k, grid, c.x, c.in, first, count, zeros.data(), true, inputs);
      multiply_points(k, c, count, inputs, outputs);
      transform_outputs(k, grid, c, first, count, outputs);
    }
  });
}

}  // namespace mimdet::cpu
