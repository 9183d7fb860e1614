// A whole 3×3 convolution of stride 1 by Winograd's F(4×4, 3×3), and the gradient of its weights, on all threads.
// Before it: ops/conv2d, ops/autograd/conv2d. Under it: winograd.inl (transforms) and matrix.inl (products).
#pragma once

#include <algorithm>
#include <cstdint>

#include "ops/cpu/kernels.h"

namespace mimdet::cpu {

struct WinogradConvolution {
  const float* x;       // (pictures, height, width, in)
  const float* weight;  // pack_winograd
  const float* bias;    // (out), or nullptr
  float* y;             // (pictures, height, width, out)
  int64_t pictures, height, width, in, out;
  bool relu;
};

struct WinogradWeightGradient {
  const float* x;   // (pictures, height, width, in)
  const float* dy;  // (pictures, height, width, out)
  float* dw;        // (out, in, 3, 3)
  int64_t pictures, height, width, in, out;
};

/// With fewer channels the transforms cost what the products save, and a direct sum is three times nearer to the exact one, which
/// small models in training need: a pre-activation near zero that falls on the other side turns a gradient off.
inline constexpr int64_t kLeastWinogradChannels = 64;

/// Whether the kernels serve these channels, and pay.
inline bool winograd_fits(const Kernels& k, int64_t in, int64_t out) {
  return in % k.lanes == 0 && out % k.lanes == 0 && std::min(in, out) >= kLeastWinogradChannels;
}

void winograd_convolution(const Kernels& k, const WinogradConvolution& convolution);

/// In the transformed domain too: 36 products over all tiles. The same bits for one number of threads.
void winograd_weight_gradient(const Kernels& k, const WinogradWeightGradient& gradient);

}  // namespace mimdet::cpu
