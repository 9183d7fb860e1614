// Where a product's left side is laid out before it is multiplied (matrix.inl).
#pragma once

#include <cstdint>

namespace mimdet::cpu {

inline constexpr int64_t kLaidOutFloats = 192 * 768;  // 576 KB: most of a second cache

/// This thread's own kLaidOutFloats, at a multiple of 64 bytes; kept until it ends.
float* laid_out_rows();

}  // namespace mimdet::cpu
