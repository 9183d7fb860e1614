// Where the tiles of a 3×3 convolution stand in its pictures, for both directions: winograd.cpp and winograd_gradient.cpp.
#pragma once

#include <cstdint>

#include "ops/cpu/kernels.h"

namespace mimdet::cpu {

constexpr int64_t kWinogradOut = 4, kWinogradIn = 6, kWinogradPoints = 36;
constexpr int64_t kMaxTilesATask = 96;  // of 36 points: 3.5 MB for 256 channels, while the weights of a point are read once a task

/// Where a tile's pixels stand. Tiles are counted over all pictures, row by row.
struct WinogradPlace {
  int64_t picture, top, left;  // of the 4×4 pixels that come out
};

struct WinogradGrid {
  int64_t pictures, height, width, rows, columns;

  WinogradGrid(int64_t pictures, int64_t height, int64_t width)
      : pictures(pictures),
        height(height),
        width(width),
        rows((height + kWinogradOut - 1) / kWinogradOut),
        columns((width + kWinogradOut - 1) / kWinogradOut) {}
  int64_t size() const { return pictures * rows * columns; }
  WinogradPlace operator()(int64_t tile) const {
    return {tile / (rows * columns), tile / columns % rows * kWinogradOut, tile % columns * kWinogradOut};
  }
  bool has(int64_t y, int64_t x) const { return y >= 0 && y < height && x >= 0 && x < width; }
  int64_t pixel(const WinogradPlace& place, int64_t y, int64_t x) const { return (place.picture * height + y) * width + x; }
};

/// Tiles in a task: as many tasks as give every thread the same number of them.
int64_t winograd_tiles_a_task(const Kernels& k, int64_t tiles);

/// Floats from a point to the next: an odd number of pages of 4 KB and 320 bytes, or all 36 would fall into a few sets of the table of pages
/// and of the first cache.
constexpr int64_t winograd_point_stride(int64_t channels) {
  constexpr int64_t kPage = 1024;
  return (kMaxTilesATask * channels + kPage - 1) / kPage / 2 * 2 * kPage + kPage + 80;
}

/// The points of `count` tiles of x (pictures, height, width, channels), row by row or laid out as a product's left side. `zeros`: (channels).
void winograd_inputs(const Kernels& k, const WinogradGrid& grid, const float* x, int64_t channels, int64_t first, int64_t count,
                     const float* zeros, bool laid_out, float* points);

}  // namespace mimdet::cpu
