// The pixels under a convolution's kernel as one row of a matrix. Before it: ops/conv2d, ops/autograd/conv2d.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>

namespace mimdet::cpu {

/// Copies the k × k pixels from (y, x) on, with zeros for those outside, in the order y, x, channel.
inline void lay_out_patch(const float* picture, int64_t height, int64_t width, int64_t channels, int64_t y, int64_t x,
                          int64_t kernel, float* patch) {
  const int64_t left = std::clamp<int64_t>(-x, 0, kernel), right = std::clamp<int64_t>(width - x, left, kernel),
                line = kernel * channels;
  for (int64_t row = y; row < y + kernel; ++row, patch += line) {
    if (row < 0 || row >= height) {
      std::fill_n(patch, line, 0.f);
      continue;
    }
    std::fill_n(patch, left * channels, 0.f);
    std::memcpy(patch + left * channels, picture + (row * width + x + left) * channels,
                (right - left) * channels * sizeof(float));
    std::fill_n(patch + right * channels, (kernel - right) * channels, 0.f);
  }
}

}  // namespace mimdet::cpu
