// A GPU's grid of threads on the host, so that the arithmetic of a kernel is tested where there is no GPU. Blocks come last first and
// the threads of each in scattered order: a kernel whose result hangs on the order of its threads fails.
#pragma once

#include <cstdint>

#include "ops/cuda/nms_kernel.h"

namespace mimdet::test {

template <class Work>
void run_grid(const Work& work, int64_t count) {
  constexpr int64_t kThreads = 256, kScatter = 77;  // no common factor: every thread comes once
  for (int64_t block = (count + kThreads - 1) / kThreads; block-- > 0;)
    for (int64_t i = 0; i < kThreads; ++i) {
      const int64_t index = block * kThreads + i * kScatter % kThreads;
      if (index < count) work(index);
    }
}

/// As one block of walk_groups in nms_kernel.cu, the three steps of a group one after the other.
inline void run_walk(const cuda::NmsWalk& walk) {
  for (int64_t group = 0; group < walk.groups(); ++group) {
    uint64_t within[cuda::kGroup];
    for (int64_t thread = cuda::kGroup; thread-- > 0;) within[thread] = walk.load(group, thread);
    const uint64_t stays = walk.resolve(group, within);
    for (int64_t word = walk.words; word-- > walk.word_of(group) + 1;) walk.spread(group, stays, word);
  }
}

}  // namespace mimdet::test
