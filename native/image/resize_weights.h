// How much each input pixel gives to each output pixel along one axis of a resize.
#pragma once

#include <cstdint>
#include <vector>

namespace mimdet {

/// Bits after the binary point of a weight; 8 bits of pixel and 2 to spare fill an int32.
inline constexpr int kWeightBits = 22;

struct AxisWeights {
  std::vector<int64_t> first;    // (out) first input pixel of each output pixel
  std::vector<int64_t> count;    // (out) input pixels that it takes
  std::vector<int32_t> weights;  // (out, stride) fixed point, zeros behind `count`
  std::vector<int32_t> pairs;    // (out, stride / 4, 4) the same for 16-bit multiplication, see below
  int64_t stride = 0;            // a multiple of 4, so that a kernel may take four at a time

  const int32_t* of(int64_t output) const { return weights.data() + output * stride; }
  const int32_t* pairs_of(int64_t output) const { return pairs.data() + output * stride; }
};

/// A weight has 23 bits, a 16-bit multiplication takes 15: weight = high * 2^15 + low. Four weights make four words of two halves
/// each: high 0 1, high 2 3, low 0 1, low 2 3 (the first of two in the lower half).
inline constexpr int kLowBits = 15;

/// The triangle filter, widened by the scale when shrinking, with the rounding of Pillow.
AxisWeights triangle_weights(int64_t in_length, int64_t out_length);

}  // namespace mimdet
