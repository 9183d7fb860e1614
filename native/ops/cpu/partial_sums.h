// A gradient of weights that several threads add to: each has sums of its own, added up in order at the end, so that one number
// of threads gives the same bits each time. Before it: ops/autograd, cpu/winograd_gradient.
#pragma once

#include <ATen/Parallel.h>

#include <algorithm>
#include <cstdint>
#include <vector>

namespace mimdet::cpu {

class PartialSums {
 public:
  PartialSums(int64_t tasks, int64_t size)
      : tasks_(tasks), size_(size), parts_(std::clamp<int64_t>(tasks, 1, at::get_num_threads())), sums_(parts_ * size, 0.f) {}

  /// Calls part(first task, one behind the last, its sums) on the threads.
  template <class Part>
  void run(const Part& part) {
    at::parallel_for(0, parts_, 1, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) part(i * tasks_ / parts_, (i + 1) * tasks_ / parts_, sums_.data() + i * size_);
    });
  }

  /// All sums; valid until this object ends.
  const float* total() {
    at::parallel_for(0, size_, 16384, [&](int64_t begin, int64_t end) {
      for (int64_t part = 1; part < parts_; ++part)
        for (int64_t i = begin; i < end; ++i) sums_[i] += sums_[part * size_ + i];
    });
    return sums_.data();
  }

 private:
  int64_t tasks_, size_, parts_;
  std::vector<float> sums_;  // (parts, size)
};

}  // namespace mimdet::cpu
