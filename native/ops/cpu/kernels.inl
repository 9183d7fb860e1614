// All kernels of one instruction set. The file that includes this one has set, and closed over in a namespace of its own:
//   MIMDET_TARGET   the compiler's names of the instructions      kLanes   floats in a vector      kTile   rows of a tile
// Every function carries the target itself: the rest of the program, and every inline function of the standard library, stays plain.

#define MIMDET_KERNEL __attribute__((target(MIMDET_TARGET)))
#define MIMDET_INLINE __attribute__((target(MIMDET_TARGET), always_inline)) inline
#if defined(__clang__)
#define MIMDET_UNROLL _Pragma("clang loop unroll(full)")
#define MIMDET_UNROLL_BY_4 _Pragma("clang loop unroll_count(4)")
#else
#define MIMDET_UNROLL _Pragma("GCC unroll 16")
#define MIMDET_UNROLL_BY_4 _Pragma("GCC unroll 4")
#endif

#include "ops/cpu/simd.inl"
// Order matters: attention is made of tiles of the matrix product.
#include "ops/cpu/matrix.inl"
#include "ops/cpu/attention.inl"
#include "ops/cpu/norm.inl"
#include "ops/cpu/norm_gradient.inl"
#include "ops/cpu/transposed.inl"
#include "ops/cpu/winograd.inl"

constexpr Kernels make_kernels(const char* name) {
  return {.name = name,
          .lanes = kLanes,
          .panel = kPanel,
          .tile = kTile,
          .attention_tile = kAttentionTile,
          .transposed_scratch = kTransposedScratch,
          .multiply = multiply,
          .multiply_transposed = multiply_transposed,
          .attention_scratch = attention_scratch,
          .attend = attend,
          .attention_gradient = attention_gradient,
          .winograd_input = winograd_input,
          .winograd_output = winograd_output,
          .winograd_gradient = winograd_gradient,
          .moments = moments,
          .affine_gelu = affine_gelu,
          .column_moments = column_moments,
          .normalize = normalize,
          .norm_gradient = norm_gradient,
          .norm_gradient_to_input = norm_gradient_to_input,
          .gelu = gelu,
          .gelu_gradient = gelu_gradient};
}

#undef MIMDET_KERNEL
#undef MIMDET_INLINE
#undef MIMDET_UNROLL
#undef MIMDET_UNROLL_BY_4
