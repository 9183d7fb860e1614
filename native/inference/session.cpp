#include "inference/session.h"

#include <algorithm>
#include <limits>
#include <string>

#include "base/stopwatch.h"
#include "inference/device_memory.h"
#include "inference/engine.h"
#include "inference/torch_errors.h"

namespace mimdet {
namespace {

std::exception_ptr error_of(Ending ending) {
  if (ending == Ending::kCancelled) return std::make_exception_ptr(Cancelled());
  if (ending == Ending::kDeadline)
    return std::make_exception_ptr(Error(ErrorCode::kDeadline, "Expected a result in time for `deadlineMs` but received none"));
  return std::make_exception_ptr(Error(ErrorCode::kDisposed, "Expected an open detector for `detect` but received a closed one"));
}

/// Of the budget that ends first, in milliseconds; infinity where there is none.
double left_of_budget(const std::vector<DetectJobPtr>& jobs) {
  Clock::time_point end = kNever;
  for (const DetectJobPtr& job : jobs) end = std::min(end, job->finish_by);
  return end == kNever ? std::numeric_limits<double>::infinity() : milliseconds(end - Clock::now());
}

// A forecast that turns a call away is put to no test, so it counts a little less each time, until a pass has shown it right or wrong:
// one odd pass cannot shut the door for good.
constexpr double kTrustKept = 0.98;

std::vector<BorrowedPicture*> pictures_of(const std::vector<DetectJobPtr>& jobs) {
  std::vector<BorrowedPicture*> pictures;
  for (const DetectJobPtr& job : jobs) pictures.push_back(&job->picture);
  return pictures;
}

double pixels_of(const DetectJob& job) { return static_cast<double>(job.input_size.height) * static_cast<double>(job.input_size.width); }

bool has_ended(const DetectJobPtr& job) { return job->ending.load() != Ending::kNone; }

}  // namespace

std::shared_ptr<Session> Session::open(std::shared_ptr<Detector> detector, BatchLimits limits) {
  std::shared_ptr<Session> session(new Session(std::move(detector), limits));
  Engine::instance().add(session);
  return session;
}

Session::Session(std::shared_ptr<Detector> detector, BatchLimits limits)
    : info_(detector->info()),
      lane_(detector->device().is_cpu() ? 0 : detector->device().index() + 1),
      detector_(std::move(detector)),
      queue_(limits) {
  counts_.device_bytes = detector_->device_bytes();
}

/// Nobody closed it: its end is that of the object that JavaScript held, on JavaScript's thread.
Session::~Session() {
  detector_.reset();
  Engine::instance().memory_was_freed();
}

SessionStats Session::stats() const {
  const std::lock_guard lock(mutex_);
  SessionStats stats = counts_;
  stats.queued = static_cast<int64_t>(queue_.size());
  stats.running = static_cast<int64_t>(running_.size());
  return stats;
}

void Session::submit(const DetectJobPtr& job) {
  job->input_size = input_size(info_.config, job->picture.size());
  job->arrival = Clock::now();
  const bool shut = Engine::instance().shut();  // asked first: the engine's lock comes before ours
  {
    const std::lock_guard lock(mutex_);
    if (closing_ || shut) std::rethrow_exception(error_of(Ending::kDisposed));
    try {
      queue_.push(job);
    } catch (const Error&) {
      ++counts_.rejected;
      throw;
    }
  }
  try {
    if (job->deadline != kNever) Engine::instance().watch(job->deadline, shared_from_this());
    Engine::instance().wake();
  } catch (...) {  // no thread can be started: nobody may take a job whose caller is told that there is none
    const std::lock_guard lock(mutex_);
    if (queue_.remove(*job)) throw;
  }
}

void Session::cancel(const DetectJobPtr& job) {
  {
    const std::lock_guard lock(mutex_);
    if (!queue_.remove(*job))
      return end_running_locked([&](const DetectJobPtr& each) { return each == job; }, Ending::kCancelled);
  }
  finish_all({job}, Ending::kCancelled);
}

void Session::close(bool drain, std::function<void()> closed) {
  {
    const std::lock_guard lock(mutex_);
    closing_ = true;
    closed_.push_back(std::move(closed));
    queue_.stop_waiting();
  }
  if (!drain) end_all(Ending::kDisposed);
  Engine::instance().wake();
}

Clock::time_point Session::ready_at() const {
  const std::lock_guard lock(mutex_);
  return closed_.empty() ? queue_.ready_at() : Clock::time_point::min();
}

void Session::run_one() noexcept {
  const Jobs batch = start_batch();
  if (!batch.empty()) Engine::use_threads(info_.threads);
  for (size_t first = 0; first < batch.size();) {
    const size_t last = std::min(first + pass_size(batch), batch.size());
    run_pass({batch.begin() + static_cast<ptrdiff_t>(first), batch.begin() + static_cast<ptrdiff_t>(last)}, std::ssize(batch));
    first = last;
  }
  free_if_closed();
}

/// As many as the detector takes at once, and fewer of a size of which so many have not fitted before.
size_t Session::pass_size(const Jobs& batch) const {
  const auto most = static_cast<size_t>(std::min<int64_t>(detector_->pictures_per_pass(), std::ssize(batch)));
  const double fitting = pixels_that_fit_ / pixels_of(*batch.front());
  return fitting < static_cast<double>(most) ? std::max<size_t>(1, static_cast<size_t>(fitting)) : most;
}

Session::Jobs Session::start_batch() {
  const std::lock_guard lock(mutex_);
  running_ = queue_.take(Clock::now());
  if (!running_.empty()) ++counts_.batches;
  return running_;
}

void Session::run_pass(const Jobs& jobs, int64_t batch_size) {
  const CancelFlag cancel = make_cancel_flag();
  Jobs wanted = jobs;
  Clock::time_point start;
  std::vector<DetectResult> results;
  std::exception_ptr error;
  try {
    end_hopeless(jobs);
    wanted = start_pass(jobs, cancel);
    if (wanted.empty()) return;
    start = Clock::now();
    results = detect(wanted, cancel);
  } catch (...) {
    error = current_error();
  }
  if (error && wanted.size() > 1 && is_out_of_memory(error)) return run_halves(wanted, batch_size);
  if (error) {
    for (const DetectJobPtr& job : wanted) finish(job, error);
    return;
  }
  for (size_t i = 0; i < wanted.size(); ++i) {
    results[i].timing.queue_ms = milliseconds(start - wanted[i]->arrival);
    results[i].timing.batch_size = batch_size;
    finish(wanted[i], std::move(results[i]));
  }
}

/// What a device has no memory for at once it may have for one after the other.
void Session::run_halves(const Jobs& jobs, int64_t batch_size) {
  give_back_all_free_memory();
  const auto half = jobs.begin() + std::ssize(jobs) / 2;
  pixels_that_fit_ = static_cast<double>(half - jobs.begin()) * pixels_of(*jobs.front());
  run_pass({jobs.begin(), half}, batch_size);
  run_pass({half, jobs.end()}, batch_size);
}

/// Ends those that would miss their deadline if they began now: before anything is spent on them.
void Session::end_hopeless(const Jobs& jobs) {
  if (std::ranges::all_of(jobs, [](const DetectJobPtr& job) { return job->deadline == kNever; })) return;
  const PassPlan plan = plan_of(jobs);
  const Clock::time_point end = Clock::now() + duration_of_ms(plan.least_ms * trust_);
  bool turned_away = false;
  const std::lock_guard lock(mutex_);
  for (const DetectJobPtr& job : jobs) {
    Ending none = Ending::kNone;
    if (job->deadline < end) turned_away |= job->ending.compare_exchange_strong(none, Ending::kDeadline);
  }
  if (turned_away) trust_ *= kTrustKept;
}

PassPlan Session::plan_of(const Jobs& jobs) const {
  return detector_->plan(pictures_of(jobs), jobs.front()->options, left_of_budget(jobs));
}

std::vector<DetectResult> Session::detect(const Jobs& jobs, const CancelFlag& cancel) {
  Stopwatch watch;
  trust_ = 1;
  DetectOptions options = jobs.front()->options;
  const PassPlan plan = plan_of(jobs);
  options.sample_ratio = plan.sample_ratio;
  auto results = detector_->detect(pictures_of(jobs), options, cancel);
  for (DetectResult& result : results) result.timing.predicted_ms = plan.predicted_ms;
  const std::lock_guard lock(mutex_);
  counts_.compute_ms += watch.lap_ms();
  counts_.device_bytes = detector_->device_bytes();
  return results;
}

/// Ends those that nobody wants any more; the others are the pass.
Session::Jobs Session::start_pass(const Jobs& jobs, const CancelFlag& cancel) {
  Jobs unwanted;
  {
    const std::lock_guard lock(mutex_);
    passing_.clear();
    for (const DetectJobPtr& job : jobs) (has_ended(job) ? unwanted : passing_).push_back(job);
    pass_cancel_ = cancel;
  }
  for (const DetectJobPtr& job : unwanted) finish(job, std::make_exception_ptr(Cancelled()));
  const std::lock_guard lock(mutex_);
  return passing_;
}

void Session::finish(const DetectJobPtr& job, DetectResult result) {
  if (has_ended(job)) return finish(job, std::make_exception_ptr(Cancelled()));  // too late for its caller
  {
    const std::lock_guard lock(mutex_);
    std::erase(running_, job);
    ++counts_.completed;
    counts_.waiting_ms += result.timing.queue_ms;
  }
  job->done(std::move(result));
}

/// A job that was asked to end gets that reason, whatever happened to its pass.
void Session::finish(const DetectJobPtr& job, const std::exception_ptr& error) {
  const Ending ending = job->ending.load();
  {
    const std::lock_guard lock(mutex_);
    std::erase(running_, job);
    ++(ending == Ending::kNone ? counts_.failed : ending == Ending::kDeadline ? counts_.rejected : counts_.cancelled);
  }
  job->failed(ending == Ending::kNone ? error : error_of(ending));
}

void Session::finish_all(const Jobs& jobs, Ending ending) {
  for (const DetectJobPtr& job : jobs) {
    job->ending = ending;
    finish(job, nullptr);
  }
}

void Session::end_all(Ending ending) noexcept {
  Jobs waiting;
  {
    const std::lock_guard lock(mutex_);
    waiting = queue_.take_all();
    end_running_locked([](const DetectJobPtr&) { return true; }, ending);
  }
  finish_all(waiting, ending);
}

/// Asks those that run to end; the pass stops when it is none's any more. Each is answered by the compute thread.
template <class Predicate>
void Session::end_running_locked(Predicate predicate, Ending ending) {
  for (const DetectJobPtr& job : running_) {
    Ending none = Ending::kNone;
    if (predicate(job)) job->ending.compare_exchange_strong(none, ending);
  }
  if (pass_cancel_ && std::ranges::all_of(passing_, has_ended)) pass_cancel_->store(true);
}

void Session::abandon() noexcept { end_all(Ending::kCancelled); }

Clock::time_point Session::next_deadline() const {
  const std::lock_guard lock(mutex_);
  Clock::time_point earliest = queue_.next_deadline();
  for (const DetectJobPtr& job : running_)
    if (!has_ended(job)) earliest = std::min(earliest, job->deadline);
  return earliest;
}

void Session::expire(Clock::time_point now) noexcept {
  Jobs late;
  {
    const std::lock_guard lock(mutex_);
    late = queue_.take_expired(now);
    end_running_locked([now](const DetectJobPtr& job) { return job->deadline <= now; }, Ending::kDeadline);
  }
  finish_all(late, Ending::kDeadline);
}

/// Frees the model on the thread that used it.
void Session::free_if_closed() {
  std::vector<std::function<void()>> closed;
  std::shared_ptr<Detector> detector;
  {
    const std::lock_guard lock(mutex_);
    passing_.clear();
    pass_cancel_.reset();
    if (!closing_ || queue_.size() > 0) return;
    closed.swap(closed_);
    detector = std::move(detector_);
    counts_.device_bytes = 0;
  }
  detector.reset();
  give_back_all_free_memory();
  for (const auto& call : closed) call();
}

}  // namespace mimdet
