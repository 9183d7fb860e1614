// How many threads LibTorch computes with, for the length of a test.
#pragma once

#include <ATen/Parallel.h>

namespace mimdet::test {

/// So many while it lives, then as many as before.
class Threads {
 public:
  explicit Threads(int count) : before_(at::get_num_threads()) { at::set_num_threads(count); }
  ~Threads() { at::set_num_threads(before_); }
  Threads(const Threads&) = delete;
  Threads& operator=(const Threads&) = delete;

 private:
  int before_;
};

}  // namespace mimdet::test
