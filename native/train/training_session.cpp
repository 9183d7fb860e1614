// See training_session.h.
#include "train/training_session.h"

#include "base/heap.h"
#include "inference/engine.h"
#include "inference/torch_errors.h"

namespace mimdet {
namespace {

std::exception_ptr disposed() {
  return std::make_exception_ptr(Error(ErrorCode::kDisposed, "Expected an open trainer for `trainer` but received a closed one"));
}

}  // namespace

std::shared_ptr<TrainingSession> TrainingSession::open(std::unique_ptr<Trainer> trainer) {
  std::shared_ptr<TrainingSession> session(new TrainingSession(std::move(trainer)));
  Engine::instance().add(session);
  return session;
}

TrainingSession::TrainingSession(std::unique_ptr<Trainer> trainer)
    : summary_(trainer->summary()), steps_done_(trainer->steps_done()), trainer_(std::move(trainer)) {}

void TrainingSession::submit(TrainingTask task) {
  const bool shut = Engine::instance().shut();  // asked first: the engine's lock comes before ours
  {
    const std::lock_guard lock(mutex_);
    if (closing_ || shut) std::rethrow_exception(disposed());
    waiting_.push_back(std::move(task));
  }
  Engine::instance().wake();
}

void TrainingSession::close(std::function<void()> closed) {
  {
    const std::lock_guard lock(mutex_);
    closing_ = true;
    closed_.push_back(std::move(closed));
  }
  Engine::instance().wake();
}

Clock::time_point TrainingSession::ready_at() const {
  const std::lock_guard lock(mutex_);
  return waiting_.empty() && closed_.empty() ? kNever : Clock::time_point::min();
}

void TrainingSession::run_one() noexcept {
  TrainingTask task;
  {
    const std::lock_guard lock(mutex_);
    if (!waiting_.empty()) {
      task = std::move(waiting_.front());
      waiting_.pop_front();
      running_ = task.cancel;
    }
  }
  if (task.work) run(task);
  free_if_closed();
}

void TrainingSession::run(const TrainingTask& task) noexcept {
  try {
    throw_if_cancelled(task.cancel);
    const std::function<void()> answer = task.work(*trainer_);
    steps_done_ = trainer_->steps_done();
    answer();
  } catch (...) {
    task.failed(current_error());
  }
  const std::lock_guard lock(mutex_);
  running_.reset();
}

void TrainingSession::abandon() noexcept {
  std::deque<TrainingTask> dropped;
  {
    const std::lock_guard lock(mutex_);
    dropped.swap(waiting_);
    if (running_) running_->store(true);
  }
  for (const TrainingTask& task : dropped) task.failed(std::make_exception_ptr(Cancelled()));
}

/// Frees the trainer on the thread that used it.
void TrainingSession::free_if_closed() noexcept {
  std::vector<std::function<void()>> closed;
  std::unique_ptr<Trainer> trainer;
  {
    const std::lock_guard lock(mutex_);
    if (!closing_ || !waiting_.empty()) return;
    closed.swap(closed_);
    trainer = std::move(trainer_);
  }
  trainer.reset();
  give_back_free_memory();
  for (const auto& call : closed) call();
}

}  // namespace mimdet
