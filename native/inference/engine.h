// The threads of the process that compute with LibTorch: one for the processor, one for each GPU in use. Queues register as sources; each thread
// serves those of its lane that are ready, in turn.
// Before it: session (a detector's queue). After it: detector (the forward pass).
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "base/thread_priority.h"
#include "inference/deadline_clock.h"
#include "inference/work_source.h"

namespace mimdet {

class TaskQueue;

/// One thread a lane, because each thread that computes keeps an OpenMP pool of its own; ours, because a process that ends while a thread
/// is inside LibTorch crashes: there has to be somebody who can stop it and wait. They start with the first work.
class Engine {
 public:
  /// Never destroyed: static destructors of other libraries run while it may still be asleep.
  static Engine& instance();

  /// From now on the thread of its lane serves `source`, until nobody else owns it.
  void add(const std::shared_ptr<WorkSource>& source);
  /// To be called when a source may have become ready earlier than it last said. Any thread, no lock of a source held.
  void wake();
  /// Runs `task` (which must not throw) once on the processor's thread, in turn with the sources. Throws as TaskPool::post() does where nobody will run it.
  void post(std::function<void()> task);
  /// Calls `source->expire` when the time has come.
  void watch(Clock::time_point deadline, const std::shared_ptr<WorkSource>& source);

  /// Somebody else has freed much: it goes back to the system once there is nothing to do. Any thread, whatever it has locked.
  void memory_was_freed();

  /// Abandons all work and waits for the threads to end: for one station of a forward pass, or for a model that is being built. New work starts it again,
  /// unless `for_good`.
  void stop(bool for_good);
  bool shut() const;

  /// How far the threads give way to others (base/thread_priority) from their next start on.
  void give_way_by(int steps) { steps_of_nice_ = steps; }

  /// Sets how many threads LibTorch uses for what the calling compute thread does next; 0: LibTorch's own choice. Compute threads only.
  static void use_threads(int threads);

 private:
  struct Entry {
    std::weak_ptr<WorkSource> source;
    int lane = 0;
    uint64_t last_turn = 0;
  };

  Engine();
  void start_locked();
  void loop(int lane);
  void rest_locked(std::unique_lock<std::mutex>& lock);
  std::shared_ptr<WorkSource> next_locked(int lane, Clock::time_point now, Clock::time_point& ready_at);
  std::vector<std::shared_ptr<WorkSource>> living_locked();
  bool has_work_locked();

  mutable std::mutex mutex_;
  std::mutex stop_mutex_;
  std::condition_variable changed_;
  std::vector<Entry> sources_;
  std::shared_ptr<TaskQueue> tasks_;
  uint64_t turn_ = 0;
  std::map<int, std::thread> threads_;  // by lane
  std::atomic<int> steps_of_nice_ = kGiveWay;
  bool stopping_ = false, shut_ = false;
  std::atomic<bool> holds_freed_memory_ = false;  // something ran since it was handed back
  DeadlineClock deadlines_;
};

}  // namespace mimdet
