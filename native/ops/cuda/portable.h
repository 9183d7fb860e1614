// What lets one function be compiled by nvcc for a GPU and by any C++ compiler for the tests. No header of PyTorch, none of CUDA.
// A kernel is a struct that holds its arguments, and whose operator() does the work of one thread, told by its number.
#pragma once

#include <math.h>
#include <stdint.h>
#include <string.h>

#ifdef __CUDACC__
#define MIMDET_HOST_DEVICE __host__ __device__ inline
#else
#define MIMDET_HOST_DEVICE inline
#endif

namespace mimdet::cuda {

/// A bfloat16 as it lies in memory: the upper half of a float32.
struct Bfloat16 {
  uint16_t bits;
};

MIMDET_HOST_DEVICE float widen(float value) { return value; }
MIMDET_HOST_DEVICE double widen(double value) { return value; }
MIMDET_HOST_DEVICE float widen(Bfloat16 value) {
  const uint32_t bits = static_cast<uint32_t>(value.bits) << 16;
  float wide;
  memcpy(&wide, &bits, sizeof(wide));
  return wide;
}

MIMDET_HOST_DEVICE void store(float value, float* out) { *out = value; }
MIMDET_HOST_DEVICE void store(double value, double* out) { *out = value; }
/// Rounds to the nearest, ties to even; what is no number stays none.
MIMDET_HOST_DEVICE void store(float value, Bfloat16* out) {
  uint32_t bits;
  memcpy(&bits, &value, sizeof(bits));
  const uint32_t rounded = bits + 0x7fff + ((bits >> 16) & 1);
  out->bits = value == value ? static_cast<uint16_t>(rounded >> 16) : uint16_t{0x7fc0};
}

template <class T>
MIMDET_HOST_DEVICE bool is_finite(T value) {
  return value - value == 0;
}

/// *place += value where other threads may add to the same place: the order of the sum is theirs.
template <class T>
MIMDET_HOST_DEVICE void add_shared(T* place, T value) {
#ifdef __CUDA_ARCH__
  atomicAdd(place, value);
#else
  *place += value;
#endif
}

}  // namespace mimdet::cuda
