#include "inference/deadline_clock.h"

namespace mimdet {

void DeadlineClock::watch(Clock::time_point deadline, const std::shared_ptr<WorkSource>& source) {
  const std::lock_guard lock(mutex_);
  if (stopping_) return;
  deadlines_.emplace(deadline, source);
  if (!thread_.joinable()) thread_ = std::thread([this] { loop(); });
  changed_.notify_one();
}

void DeadlineClock::stop() {
  std::thread thread;
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    deadlines_.clear();
    thread = std::move(thread_);
    changed_.notify_one();
  }
  if (thread.joinable()) thread.join();
  const std::lock_guard lock(mutex_);
  stopping_ = false;
}

void DeadlineClock::loop() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    if (deadlines_.empty()) {
      changed_.wait(lock);
    } else if (const auto next = deadlines_.begin(); next->first > Clock::now()) {
      changed_.wait_until(lock, next->first);
    } else {
      auto source = next->second.lock();
      deadlines_.erase(next);
      lock.unlock();
      if (source) source->expire(Clock::now());
      source.reset();
      lock.lock();
    }
  }
}

}  // namespace mimdet
