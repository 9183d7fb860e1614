#include "inference/deadline_clock.h"

#include <algorithm>

namespace mimdet {

void DeadlineClock::watch(Clock::time_point deadline, const std::shared_ptr<WorkSource>& source) {
  const std::lock_guard lock(mutex_);
  if (stopping_) return;
  if (!thread_.joinable()) thread_ = std::thread([this] { loop(); });
  watch_locked(deadline, source);
}

void DeadlineClock::watch_locked(Clock::time_point deadline, const std::shared_ptr<WorkSource>& source) {
  std::erase_if(next_, [](const Next& next) { return next.source.expired(); });
  const auto own = std::ranges::find_if(next_, [&](const Next& next) { return !next.source.owner_before(source) && !source.owner_before(next.source); });
  if (own == next_.end()) next_.push_back({deadline, source});
  else if (deadline < own->deadline) own->deadline = deadline;
  else return;
  changed_.notify_one();
}

void DeadlineClock::stop() {
  std::thread thread;
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    next_.clear();
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
    const auto next = std::ranges::min_element(next_, {}, &Next::deadline);
    if (next == next_.end()) {
      changed_.wait(lock);
    } else if (const Clock::time_point deadline = next->deadline; deadline > Clock::now()) {
      changed_.wait_until(lock, deadline);
    } else {
      auto source = next->source.lock();
      next_.erase(next);
      lock.unlock();
      const Clock::time_point following = source ? expire(*source) : kNever;
      lock.lock();
      if (following != kNever && !stopping_) watch_locked(following, source);
      lock.unlock();
      source.reset();  // perhaps the last owner: not under the lock
      lock.lock();
    }
  }
}

/// What came in meanwhile has been told to watch() as well.
Clock::time_point DeadlineClock::expire(WorkSource& source) {
  source.expire(Clock::now());
  return source.next_deadline();
}

}  // namespace mimdet
