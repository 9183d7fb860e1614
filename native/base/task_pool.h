// A few threads for long work without LibTorch: reading weights, converting, evaluating. They start with the first task.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include "base/cancel.h"

namespace mimdet {

/// Throws Error(kDisposed): nothing runs any more.
[[noreturn]] void fail_as_ending();

class TaskPool {
 public:
  /// Never destroyed, like the compute engine: the end of a process stops it by hand.
  static TaskPool& instance();

  /// Runs `task` (which must not throw) on one of the threads; `cancel` is raised when the pool is stopped. Throws where nobody will run it:
  /// Error(kDisposed) while the pool is being stopped, std::system_error where the system has no thread for the first one.
  void post(CancelFlag cancel, std::function<void()> task);

  /// Drops what waits, raises the flags of what runs and waits for it. New work starts the threads again, unless `for_good`.
  void stop(bool for_good);

 private:
  struct Task {
    CancelFlag cancel;
    std::function<void()> run;
  };

  void start_thread_locked();
  void loop();

  std::mutex mutex_, stop_mutex_;
  std::condition_variable changed_;
  std::deque<Task> waiting_;
  std::vector<CancelFlag> running_;
  std::vector<std::thread> threads_;
  size_t idle_ = 0;
  bool stopping_ = false, shut_ = false;
};

}  // namespace mimdet
