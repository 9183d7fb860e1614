// One function, compiled for several processors; the loader takes the best that the machine runs.
#pragma once

// Left out under sanitizers, whose run-time is not up yet when the loader chooses, and where the compiler has no such thing.
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
/// For functions whose results may differ in the last bit between processors (fused multiply-add).
#define MIMDET_CPU_CLONES __attribute__((target_clones("avx512f", "arch=haswell", "default")))
#else
#define MIMDET_CPU_CLONES
#endif
#define MIMDET_ALWAYS_INLINE inline __attribute__((always_inline))
