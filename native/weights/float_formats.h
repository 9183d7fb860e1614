// Number formats of weights: half, bfloat16 and double to float32 and back, and the search for NaN.
// Used by stored_tensor (reading) and convert (writing).
#pragma once

#include <cstdint>

#include "weights/named_tensor.h"

namespace mimdet {

float half_to_float(uint16_t half);
/// Rounds to nearest, ties to even; beyond the largest half: infinity.
uint16_t float_to_half(float value);
float bfloat16_to_float(uint16_t bits);

/// `count` numbers of a floating dtype, in this machine's byte order but anywhere in memory, as float32.
void widen_to_float(const std::byte* source, DType dtype, size_t count, float* target);

/// Index of the first number that is NaN or infinite; nothing where all are finite or the dtype is not floating.
std::optional<size_t> find_non_finite(const NamedTensor& tensor);

}  // namespace mimdet
