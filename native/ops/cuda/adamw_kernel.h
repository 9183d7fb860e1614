// One update of AdamW: the arithmetic of one number, for the CPU's loops (train/adamw) and for a GPU, where a thread has one number each.
// Loshchilov & Hutter 2019, with PyTorch's order of operations.
#pragma once

#include "ops/cuda/portable.h"

namespace mimdet::cuda {

/// The numbers of one update, rounded once.
struct AdamwUpdate {
  float scale;                 // of the gradient
  float keep;                  // 1 - lr * weight decay
  float beta1_rest;            // 1 - beta1
  float beta2, beta2_rest;
  float step_size;             // lr / bias correction of the first moment
  float root_correction, eps;  // of the second
};

MIMDET_HOST_DEVICE void update_number(const AdamwUpdate& u, float gradient, float& value, float& first, float& second) {
  const float g = gradient * u.scale;
  const float m = first + u.beta1_rest * (g - first);
  const float v = second * u.beta2 + u.beta2_rest * g * g;
  first = m;
  second = v;
  value = value * u.keep - u.step_size * m / (sqrtf(v) / u.root_correction + u.eps);
}

struct AdamwStep {
  AdamwUpdate update;
  const float* gradient;
  float *value, *first, *second;

  MIMDET_HOST_DEVICE void operator()(int64_t i) const { update_number(update, gradient[i], value[i], first[i], second[i]); }
};

}  // namespace mimdet::cuda
