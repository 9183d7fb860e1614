// A picture's bytes to three planes of float32, (x - mean) / std, with zeros at the right and the bottom: what image/preprocess does
// on the CPU, so that bytes travel to the device and not their fourfold. One thread for each number of the planes.
#pragma once

#include "ops/cuda/portable.h"

namespace mimdet::cuda {

struct NormalisePicture {
  const uint8_t* rgb;  // (height, width, 3)
  int64_t height, width, padded_height, padded_width;
  float mean[3], std[3];
  float* planes;  // (3, padded_height, padded_width)

  MIMDET_HOST_DEVICE void operator()(int64_t index) const {
    const int64_t x = index % padded_width, y = index / padded_width % padded_height;
    const int64_t channel = index / (padded_width * padded_height);
    const bool inside = y < height && x < width;
    planes[index] =
        inside ? (static_cast<float>(rgb[(y * width + x) * 3 + channel]) - mean[channel]) / std[channel] : 0.0f;
  }
};

}  // namespace mimdet::cuda
