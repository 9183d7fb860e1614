// See position_resize.h. As torch.nn.functional.interpolate(mode="bicubic", align_corners=False) computes it, in float32.
#include "weights/position_resize.h"

#include <algorithm>
#include <cmath>

namespace mimdet {
namespace {

/// The four taps of one output place: indices clamped to the grid, weights by the cubic kernel with a = -0.75.
struct Taps {
  int64_t index[4];
  float weight[4];
};

float cubic_near(float x) { return (1.25f * x - 2.25f) * x * x + 1.0f; }           // |x| <= 1
float cubic_far(float x) { return ((-0.75f * x + 3.75f) * x - 6.0f) * x + 3.0f; }  // 1 < |x| < 2

std::vector<Taps> taps_of(int64_t in, int64_t out) {
  std::vector<Taps> taps(static_cast<size_t>(out));
  const float scale = static_cast<float>(in) / static_cast<float>(out);
  for (int64_t i = 0; i < out; ++i) {
    const float centre = scale * (static_cast<float>(i) + 0.5f) - 0.5f;
    const float base = std::floor(centre), t = centre - base;
    const float weights[4] = {cubic_far(t + 1), cubic_near(t), cubic_near(1 - t), cubic_far(2 - t)};
    for (int64_t k = 0; k < 4; ++k) {
      taps[static_cast<size_t>(i)].index[k] = std::clamp<int64_t>(static_cast<int64_t>(base) - 1 + k, 0, in - 1);
      taps[static_cast<size_t>(i)].weight[k] = weights[k];
    }
  }
  return taps;
}

/// One row of C numbers of the output, from the 4x4 rows around it.
void interpolate(const float* source, int64_t grid, int64_t channels, const Taps& y, const Taps& x, float* target) {
  for (int64_t c = 0; c < channels; ++c) {
    float sum = 0;
    for (int j = 0; j < 4; ++j) {
      float row = 0;
      for (int i = 0; i < 4; ++i) row += x.weight[i] * source[(y.index[j] * grid + x.index[i]) * channels + c];
      sum += y.weight[j] * row;
    }
    target[c] = sum;
  }
}

}  // namespace

bool is_position_shape(const std::vector<int64_t>& shape, int64_t channels) {
  if (shape.size() != 3 || shape[0] != 1 || shape[2] != channels || shape[1] < 2) return false;
  const int64_t grid = std::llround(std::sqrt(static_cast<double>(shape[1] - 1)));
  return grid * grid == shape[1] - 1;
}

NamedTensor resize_positions(const NamedTensor& positions, int64_t grid) {
  const int64_t channels = positions.shape[2];
  const int64_t from = std::llround(std::sqrt(static_cast<double>(positions.shape[1] - 1)));
  const std::vector<int64_t> shape = {1, 1 + grid * grid, channels};
  const size_t bytes = *tensor_bytes(shape, DType::kFloat32);
  std::shared_ptr<std::byte[]> data(new std::byte[bytes]);
  const float* source = reinterpret_cast<const float*>(positions.data);
  float* target = reinterpret_cast<float*>(data.get());
  std::copy(source, source + channels, target);  // the class token's row
  const std::vector<Taps> taps = taps_of(from, grid);
  for (int64_t y = 0; y < grid; ++y)
    for (int64_t x = 0; x < grid; ++x)
      interpolate(source + channels, from, channels, taps[static_cast<size_t>(y)], taps[static_cast<size_t>(x)],
                  target + (1 + y * grid + x) * channels);
  return {positions.name, DType::kFloat32, shape, data.get(), bytes, data};
}

}  // namespace mimdet
