// The kernels for AVX512: 32 registers of 16 floats: 24 of them sum a tile.
#include "ops/cpu/kernels.h"

#ifdef __x86_64__
#define MIMDET_TARGET "avx512f,avx512vl,avx512bw,avx512dq,fma"

namespace mimdet::cpu {
namespace {

constexpr int kLanes = 16, kTile = 12;
#include "ops/cpu/kernels.inl"

bool supported() {
  return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512bw") &&
         __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("fma");
}

}  // namespace

const Kernels* avx512_kernels() {
  static constexpr Kernels all = make_kernels("avx512");
  static const bool there = supported();
  return there ? &all : nullptr;
}

}  // namespace mimdet::cpu

#else

const mimdet::cpu::Kernels* mimdet::cpu::avx512_kernels() { return nullptr; }

#endif
