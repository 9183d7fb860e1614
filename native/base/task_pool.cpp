#include "base/task_pool.h"

#include <algorithm>
#include <system_error>

namespace mimdet {
namespace {

constexpr size_t kMostThreads = 4;  // most of this work waits for a disk, or starts threads of its own

}  // namespace

void fail_as_ending() { fail(ErrorCode::kDisposed, "Expected a running process but received one that is ending"); }

TaskPool& TaskPool::instance() {
  static TaskPool* const pool = new TaskPool();
  return *pool;
}

void TaskPool::post(CancelFlag cancel, std::function<void()> task) {
  const std::lock_guard lock(mutex_);
  if (shut_ || stopping_) fail_as_ending();
  if (idle_ <= waiting_.size() && threads_.size() < kMostThreads) start_thread_locked();
  waiting_.push_back({std::move(cancel), std::move(task)});
  changed_.notify_one();
}

/// No task may be left behind: the first thread has to be there. Others are only missed.
void TaskPool::start_thread_locked() {
  try {
    threads_.emplace_back([this] { loop(); });
  } catch (const std::system_error&) {
    if (threads_.empty()) throw;
  }
}

void TaskPool::stop(bool for_good) {
  const std::lock_guard one_at_a_time(stop_mutex_);
  std::vector<std::thread> threads;
  std::deque<Task> dropped;  // destroyed without the lock: a task may own much
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    shut_ = shut_ || for_good;
    dropped.swap(waiting_);
    for (const CancelFlag& flag : running_)
      if (flag) flag->store(true);
    threads.swap(threads_);
    changed_.notify_all();
  }
  for (std::thread& thread : threads) thread.join();
  const std::lock_guard lock(mutex_);
  stopping_ = false;
}

void TaskPool::loop() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    if (waiting_.empty()) {
      ++idle_;
      changed_.wait(lock);
      --idle_;
      continue;
    }
    Task task = std::move(waiting_.front());
    waiting_.pop_front();
    running_.push_back(task.cancel);
    lock.unlock();
    task.run();
    const CancelFlag flag = std::move(task.cancel);
    task = {};
    lock.lock();
    running_.erase(std::ranges::find(running_, flag));
  }
}

}  // namespace mimdet
