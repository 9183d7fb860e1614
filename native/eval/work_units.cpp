#include "eval/work_units.h"

#include <algorithm>
#include <atomic>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

namespace mimdet {
namespace {

constexpr int64_t kMaxThreads = 256;

size_t thread_count(size_t units, int64_t threads) {
  if (threads <= 0) threads = std::max(1u, std::thread::hardware_concurrency());
  return std::min(units, static_cast<size_t>(std::min(threads, kMaxThreads)));
}

class Queue {
 public:
  Queue(size_t count, const CancelFlag& cancel, const std::function<void(size_t)>& work) : count_(count), cancel_(cancel), work_(work) {}

  void run() {
    for (size_t unit; (unit = next_.fetch_add(1)) < count_;) {
      try {
        throw_if_cancelled(cancel_);
        work_(unit);
      } catch (...) {
        note_error(unit);
        return;
      }
    }
  }
  void rethrow() const {
    if (error_) std::rethrow_exception(error_);
  }

 private:
  // Units are handed out in order, so every unit below a failed one has been started and its own error, if any, comes to this place.
  void note_error(size_t unit) {
    next_.store(count_);
    const std::lock_guard lock(mutex_);
    if (error_ && error_unit_ < unit) return;
    error_ = std::current_exception();
    error_unit_ = unit;
  }

  const size_t count_;
  const CancelFlag& cancel_;
  const std::function<void(size_t)>& work_;
  std::atomic<size_t> next_{0};
  std::mutex mutex_;
  std::exception_ptr error_;
  size_t error_unit_ = 0;
};

}  // namespace

void for_each_unit(size_t count, int64_t threads, const CancelFlag& cancel, const std::function<void(size_t)>& work) {
  Queue queue(count, cancel, work);
  const size_t wanted = thread_count(count, threads);
  std::vector<std::thread> others;
  others.reserve(wanted);
  try {
    for (size_t i = 1; i < wanted; ++i) others.emplace_back([&] { queue.run(); });
  } catch (const std::exception&) {
    // The system gives no more threads: those that there are do the work.
  }
  queue.run();
  for (std::thread& thread : others) thread.join();
  queue.rethrow();
}

}  // namespace mimdet
