// Passes of a norm over all rows, on all threads, with sums in float64 that are the same for any number of threads.
// Before it: ops/autograd/batch_norm, group_norm_gelu, linear (gradients of biases). Under it: norm_gradient.inl.
#pragma once

#include <cstdint>
#include <vector>

#include "ops/cpu/kernels.h"

namespace mimdet::cpu {

struct ColumnMoments {
  std::vector<double> means, squares;  // (channels); squares: sums of squared distances from the mean
};

/// x (rows, channels).
ColumnMoments all_column_moments(const Kernels& k, const float* x, int64_t rows, int64_t channels);

struct ColumnSums {
  std::vector<double> gradients, products;  // (channels): of g, and of g · (x - centre)
};

/// g = dy · act'((x - centre) · scale + shift), and its sums.
ColumnSums all_norm_gradients(const Kernels& k, const NormRows& rows, const float* dy, float* g);

/// dy · act'(y) for y = act(z), with act ReLU (its slope is known from its result) or none, and the sums of its columns. g may be
/// nullptr.
std::vector<double> gradients_behind(const Kernels& k, const float* y, const float* dy, float* g, int64_t rows, int64_t channels,
                                     Activation activation);

void normalize_all(const Kernels& k, const NormRows& rows, float* y);
void all_gradients_to_input(const Kernels& k, const NormRows& rows, float* g, const float* on_gradient, const float* on_distance,
                            const float* offset);

}  // namespace mimdet::cpu
