// Mean and spread of many numbers, in float64, on all threads. Before it: ops/group_norm_gelu and its gradient. Under it:
// norm.inl.
#pragma once

#include <cstdint>

#include "ops/cpu/kernels.h"

namespace mimdet::cpu {

struct Moments {
  double mean = 0, squares = 0;  // sum of squared distances from the mean
  int64_t count = 0;

  void add(const Moments& other);
};

/// The same for any number of threads.
Moments moments_of(const Kernels& k, const float* x, int64_t count);

}  // namespace mimdet::cpu
