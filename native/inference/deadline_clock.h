// Wakes sources whose work has missed its deadline: the compute thread cannot, it is busy with somebody else's forward pass.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "inference/work_source.h"

namespace mimdet {

/// A thread that sleeps until the next deadline. It starts with the first one, and keeps one of each source: work that ends in time leaves
/// nothing behind.
class DeadlineClock {
 public:
  void watch(Clock::time_point deadline, const std::shared_ptr<WorkSource>& source);
  /// Forgets all deadlines and waits for the thread to end.
  void stop();

 private:
  struct Next {
    Clock::time_point deadline;
    std::weak_ptr<WorkSource> source;
  };

  void loop();
  void watch_locked(Clock::time_point deadline, const std::shared_ptr<WorkSource>& source);
  static Clock::time_point expire(WorkSource& source);

  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Next> next_;
  std::thread thread_;
  bool stopping_ = false;
};

}  // namespace mimdet
