#include "ops/cpu/matrix_tiles.h"

#ifdef MIMDET_HAS_TILES
#include <cpuid.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace mimdet::cpu {
namespace {

bool processor_has_tiles() {
  unsigned a = 0, b = 0, c = 0, d = 0;
  if (!__get_cpuid_count(7, 0, &a, &b, &c, &d)) return false;
  const bool tiles = (d >> 22 & 1) && (d >> 24 & 1);
  if (!__get_cpuid_count(7, 1, &a, &b, &c, &d)) return false;
  const bool bfloat16 = a >> 5 & 1;
  return tiles && bfloat16 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") &&
         __builtin_cpu_supports("avx512dq");
}

/// The tiles' registers are saved for a process only after it has asked.
bool system_allows_tiles() {
  constexpr long kRequestPermission = 0x1023, kTileData = 18;
  return syscall(SYS_arch_prctl, kRequestPermission, kTileData) == 0;
}

}  // namespace

bool has_matrix_tiles() {
  static const bool there = processor_has_tiles() && system_allows_tiles();
  return there;
}

}  // namespace mimdet::cpu

#else

bool mimdet::cpu::has_matrix_tiles() { return false; }

#endif
