// One run as its callers see it, on whichever thread they are: submit work, close. The trainer itself lives on the compute thread.
// Before it: addon/trainer_wrap. After it: trainer, in turn with detectors (inference/engine).
#pragma once

#include <atomic>
#include <deque>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/cancel.h"
#include "inference/work_source.h"
#include "train/trainer.h"

namespace mimdet {

/// Work on the trainer, and what to call where it fails or never runs (on the compute thread, or on the one that abandons).
struct TrainingTask {
  CancelFlag cancel;
  std::function<std::function<void()>(Trainer&)> work;  // what it returns is called when `steps_done` is true again
  std::function<void(std::exception_ptr)> failed;
};

class TrainingSession : public WorkSource {
 public:
  /// Makes the trainer known to the engine.
  static std::shared_ptr<TrainingSession> open(std::unique_ptr<Trainer> trainer);

  const std::string& summary() const { return summary_; }
  int64_t steps_done() const { return steps_done_; }

  /// Runs `task` after those before it. Throws Error(kDisposed) where the session is closed.
  void submit(TrainingTask task);
  /// No new work; what waits is done, then the trainer is freed and `closed` called, on the compute thread.
  void close(std::function<void()> closed);

  Clock::time_point ready_at() const override;
  void run_one() noexcept override;
  void abandon() noexcept override;

 private:
  explicit TrainingSession(std::unique_ptr<Trainer> trainer);
  void run(const TrainingTask& task) noexcept;
  void free_if_closed() noexcept;

  const std::string summary_;
  std::atomic<int64_t> steps_done_;
  mutable std::mutex mutex_;
  std::unique_ptr<Trainer> trainer_;  // used by the compute thread only, without the lock
  std::deque<TrainingTask> waiting_;
  CancelFlag running_;  // of the task under way
  bool closing_ = false;
  std::vector<std::function<void()>> closed_;
};

}  // namespace mimdet
