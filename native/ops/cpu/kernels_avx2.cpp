// The kernels for AVX2: 16 registers of 8 floats: 12 of them sum a tile.
#include "ops/cpu/kernels.h"

#ifdef __x86_64__
#define MIMDET_TARGET "avx2,fma"

namespace mimdet::cpu {
namespace {

constexpr int kLanes = 8, kTile = 6;
#include "ops/cpu/kernels.inl"

bool supported() {
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
}

}  // namespace

const Kernels* avx2_kernels() {
  static constexpr Kernels all = make_kernels("avx2");
  static const bool there = supported();
  return there ? &all : nullptr;
}

}  // namespace mimdet::cpu

#else

const mimdet::cpu::Kernels* mimdet::cpu::avx2_kernels() { return nullptr; }

#endif
