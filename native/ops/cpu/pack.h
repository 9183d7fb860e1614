// The right sides of the matrix products in the order in which the kernels read them: panels of `panel` columns, each as long as the depth.
// Weights are packed once, when a model is loaded; keys and values at each attention.
#pragma once

#include <cstdint>

#include "ops/cpu/kernels.h"

namespace mimdet::cpu {

/// Floats that a packed matrix takes.
inline int64_t packed_size(int64_t panel, int64_t columns, int64_t depth) { return round_up(columns, panel) * depth; }

/// `weight` (columns, depth), row by row, to panels. Columns that are not there become zeros.
void pack_weight(const Kernels& k, const float* weight, int64_t columns, int64_t depth, float* packed);

/// One head's keys, `length` rows of `dim` floats `stride` apart, times `factor`.
void pack_keys(int64_t panel, const float* keys, int64_t stride, int64_t length, int64_t dim, float factor, float* packed);

/// One head's values: `length` rows of `dim` floats `stride` apart are the depth, the channels the columns.
void pack_values(int64_t panel, const float* values, int64_t stride, int64_t length, int64_t dim, float* packed);

/// `weight` (out, in, 3, 3) to 36 packed matrices (out, in), one for each point of the transform in winograd.inl; in float64 until the last step.
void pack_winograd(const Kernels& k, const float* weight, int64_t out, int64_t in, float* packed);

}  // namespace mimdet::cpu
