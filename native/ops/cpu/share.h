// Work on all threads, a piece to whichever is free: a core that other programs slow down takes fewer pieces, and nobody waits for it. Results
// may not depend on who took what. Before it: the kernels' callers. Where pieces are short, at::parallel_for's equal shares cost less.
#pragma once

#include <ATen/Parallel.h>

#include <algorithm>
#include <atomic>
#include <cstdint>

#include "ops/cpu/kernels.h"

namespace mimdet::cpu {

/// Numbers 0 … count - 1, each taken once.
class Pieces {
 public:
  explicit Pieces(int64_t count) : count_(count) {}

  /// The next that nobody has taken, into `piece`; false when there is none.
  bool take(int64_t& piece) {
    piece = next_.fetch_add(1, std::memory_order_relaxed);
    return piece < count_;
  }

 private:
  std::atomic<int64_t> next_ = 0;
  const int64_t count_;
};

/// Of `size` units in all, so many pieces of at most `most` each that every thread gets as many, where all are as quick.
inline int64_t even_pieces(int64_t size, int64_t most) { return round_up((size + most - 1) / most, at::get_num_threads()); }

/// Calls `work(pieces)` once on each thread, where it takes pieces until there are none.
template <class Work>
void share(int64_t count, const Work& work) {
  Pieces pieces(count);
  at::parallel_for(0, std::min<int64_t>(count, at::get_num_threads()), 1, [&](int64_t, int64_t) { work(pieces); });
}

}  // namespace mimdet::cpu
