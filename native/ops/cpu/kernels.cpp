#include "ops/cpu/kernels.h"

namespace mimdet::cpu {

const Kernels* kernels() {
  static const Kernels* best = avx512_kernels() ? avx512_kernels() : avx2_kernels();
  return best;
}

}  // namespace mimdet::cpu
