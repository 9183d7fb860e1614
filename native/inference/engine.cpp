#include "inference/engine.h"

#include <ATen/Parallel.h>
#include <c10/core/InferenceMode.h>

#include <algorithm>

#include "base/heap.h"
#include "base/task_pool.h"
#include "inference/device.h"
#include "inference/device_memory.h"

namespace mimdet {
namespace {

constexpr int64_t kWorksBetweenTrims = 64;  // of memory that larger work has left behind
constexpr std::chrono::seconds kRest{1};    // without work, before all freed memory goes back to the system

}  // namespace

/// Single tasks, first come, first served: models being built.
class TaskQueue : public WorkSource {
 public:
  void push(std::function<void()> task) {
    const std::lock_guard lock(mutex_);
    tasks_.push_back(std::move(task));
  }

  Clock::time_point ready_at() const override {
    const std::lock_guard lock(mutex_);
    return tasks_.empty() ? kNever : Clock::time_point::min();
  }

  void run_one() noexcept override {
    std::function<void()> task;
    {
      const std::lock_guard lock(mutex_);
      if (tasks_.empty()) return;
      task = std::move(tasks_.front());
      tasks_.pop_front();
    }
    task();
  }

  void abandon() noexcept override {
    std::deque<std::function<void()>> dropped;  // destroyed without the lock: a task may own much
    const std::lock_guard lock(mutex_);
    dropped.swap(tasks_);
  }

 private:
  mutable std::mutex mutex_;
  std::deque<std::function<void()>> tasks_;
};

Engine& Engine::instance() {
  static Engine* const engine = new Engine();
  return *engine;
}

Engine::Engine() : tasks_(std::make_shared<TaskQueue>()) { sources_.push_back({tasks_, tasks_->lane()}); }

void Engine::add(const std::shared_ptr<WorkSource>& source) {
  const std::lock_guard lock(mutex_);
  std::erase_if(sources_, [](const Entry& entry) { return entry.source.expired(); });
  sources_.push_back({source, source->lane(), turn_});
}

void Engine::wake() {
  const std::lock_guard lock(mutex_);
  start_locked();
  changed_.notify_all();
}

void Engine::post(std::function<void()> task) {
  {
    const std::lock_guard lock(mutex_);
    if (shut_) fail_as_ending();
    start_locked();  // first: where no thread can be started, no task may be left behind
  }
  tasks_->push(std::move(task));
  wake();
}

void Engine::watch(Clock::time_point deadline, const std::shared_ptr<WorkSource>& source) {
  if (!shut()) deadlines_.watch(deadline, source);
}

void Engine::memory_was_freed() {
  holds_freed_memory_ = true;
  changed_.notify_all();
}

bool Engine::shut() const {
  const std::lock_guard lock(mutex_);
  return shut_;
}

void Engine::start_locked() {
  if (stopping_ || shut_) return;
  for (const Entry& entry : sources_)
    if (const int lane = entry.lane; !entry.source.expired() && !threads_.contains(lane))
      threads_.emplace(lane, std::thread([this, lane] { loop(lane); }));
}

void Engine::stop(bool for_good) {
  const std::lock_guard one_at_a_time(stop_mutex_);
  std::vector<std::shared_ptr<WorkSource>> sources;
  std::map<int, std::thread> threads;
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    shut_ = shut_ || for_good;
    sources = living_locked();
    threads.swap(threads_);
    changed_.notify_all();
  }
  for (const auto& source : sources) source->abandon();
  deadlines_.stop();
  for (auto& [lane, thread] : threads) thread.join();
  const std::lock_guard lock(mutex_);
  stopping_ = false;
  if (has_work_locked()) start_locked();  // somebody came while we waited
}

bool Engine::has_work_locked() {
  return std::ranges::any_of(living_locked(), [](const auto& source) { return source->ready_at() != kNever; });
}

std::vector<std::shared_ptr<WorkSource>> Engine::living_locked() {
  std::vector<std::shared_ptr<WorkSource>> living;
  for (const Entry& entry : sources_)
    if (auto source = entry.source.lock()) living.push_back(std::move(source));
  return living;
}

/// Of the lane's sources that are ready the one that has waited longest for its turn, so that no detector starves another. Where none is
/// ready: null, and `ready_at` says when one will be.
std::shared_ptr<WorkSource> Engine::next_locked(int lane, Clock::time_point now, Clock::time_point& ready_at) {
  std::shared_ptr<WorkSource> best;
  Entry* best_entry = nullptr;
  for (Entry& entry : sources_) {
    auto source = entry.lane == lane ? entry.source.lock() : nullptr;
    if (!source) continue;
    const Clock::time_point when = source->ready_at();
    ready_at = std::min(ready_at, when);
    if (when > now || (best_entry && best_entry->last_turn <= entry.last_turn)) continue;
    best = std::move(source);
    best_entry = &entry;
  }
  if (best_entry) best_entry->last_turn = ++turn_;
  return best;
}

void Engine::loop(int lane) {
  give_way(steps_of_nice_);
  const c10::InferenceMode no_gradients;
  open_cuda_library();
  int64_t works = 0;
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    Clock::time_point ready_at = kNever;
    auto source = next_locked(lane, Clock::now(), ready_at);
    if (source) {
      lock.unlock();
      source->run_one();
      source.reset();  // perhaps the last owner: not under the lock
      if (++works % kWorksBetweenTrims == 0) give_back_unused_memory();  // after the answer, so that no caller waits for it
      lock.lock();
      holds_freed_memory_ = true;
    } else if (ready_at == kNever) {
      rest_locked(lock);
    } else {
      changed_.wait_until(lock, ready_at);
    }
  }
}

/// A service that has nothing to do holds its models, not what their last pictures needed.
void Engine::rest_locked(std::unique_lock<std::mutex>& lock) {
  if (!holds_freed_memory_) return changed_.wait(lock);
  if (changed_.wait_for(lock, kRest) == std::cv_status::no_timeout) return;
  holds_freed_memory_ = false;
  lock.unlock();
  give_back_all_free_memory();
  lock.lock();
}

void Engine::use_threads(int threads) {
  static const int own_choice = at::get_num_threads();
  thread_local int current = 0;
  const int wanted = threads > 0 ? threads : own_choice;
  // Never elsewhere: it would give the calling thread a pool of its own, and change the default of every thread to come.
  if (wanted != current) at::set_num_threads(wanted);
  current = wanted;
}

}  // namespace mimdet
