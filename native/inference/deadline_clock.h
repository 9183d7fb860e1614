// Wakes sources whose work has missed its deadline: the compute thread cannot, it is busy with somebody else's forward pass.
#pragma once

#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <thread>

#include "inference/work_source.h"

namespace mimdet {

/// A thread that sleeps until the next deadline. It starts with the first one.
class DeadlineClock {
 public:
  void watch(Clock::time_point deadline, const std::shared_ptr<WorkSource>& source);
  /// Forgets all deadlines and waits for the thread to end.
  void stop();

 private:
  void loop();

  std::mutex mutex_;
  std::condition_variable changed_;
  std::multimap<Clock::time_point, std::weak_ptr<WorkSource>> deadlines_;
  std::thread thread_;
  bool stopping_ = false;
};

}  // namespace mimdet
