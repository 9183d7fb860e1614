// One loaded detector as its callers see it, on whichever thread they are: submit, cancel, close, count.
// Before it: the addon. After it: batch_queue (who travels together) and, on the compute thread, detector.
#pragma once

#include <limits>
#include <memory>
#include <mutex>
#include <optional>

#include "inference/batch_queue.h"
#include "inference/detector.h"
#include "inference/work_source.h"

namespace mimdet {

struct SessionStats {
  int64_t queued = 0, running = 0, completed = 0, failed = 0, rejected = 0, cancelled = 0, batches = 0;
  double waiting_ms = 0;  // sum over the completed
  double compute_ms = 0;  // of all passes
  int64_t device_bytes = 0;
};

class Session : public WorkSource, public std::enable_shared_from_this<Session> {
 public:
  /// Makes the detector known to the engine.
  static std::shared_ptr<Session> open(std::shared_ptr<Detector> detector, BatchLimits limits);
  ~Session() override;

  const ModelInfo& info() const { return info_; }
  SessionStats stats() const;

  /// Queues the job. Throws Error where it does not: kQueueFull, kDisposed.
  void submit(const DetectJobPtr& job);
  /// Ends a job with Cancelled: at once where it waits, at the next station where it runs. Nothing where it has ended.
  void cancel(const DetectJobPtr& job);
  /// No new jobs. With `drain` the others are finished, without they end with kDisposed. Then the model is freed and `closed`
  /// called, on the compute thread.
  void close(bool drain, std::function<void()> closed);

  int lane() const override { return lane_; }
  Clock::time_point ready_at() const override;
  void run_one() noexcept override;
  void abandon() noexcept override;
  Clock::time_point next_deadline() const override;
  void expire(Clock::time_point now) noexcept override;

 private:
  using Jobs = std::vector<DetectJobPtr>;

  Session(std::shared_ptr<Detector> detector, BatchLimits limits);
  Jobs start_batch();
  size_t pass_size(const Jobs& batch) const;
  void run_pass(const Jobs& jobs, int64_t batch_size);
  void run_halves(const Jobs& jobs, int64_t batch_size);
  void end_hopeless(const Jobs& jobs);
  PassPlan plan_of(const Jobs& jobs) const;
  Jobs start_pass(const Jobs& jobs, const CancelFlag& cancel);
  std::vector<DetectResult> detect(const Jobs& jobs, const CancelFlag& cancel);
  void finish(const DetectJobPtr& job, DetectResult result);
  void finish(const DetectJobPtr& job, const std::exception_ptr& error);
  void finish_all(const Jobs& jobs, Ending ending);
  void end_all(Ending ending) noexcept;
  template <class Predicate>
  void end_running_locked(Predicate predicate, Ending ending);
  void free_if_closed();

  const ModelInfo info_;
  const int lane_;
  mutable std::mutex mutex_;
  std::shared_ptr<Detector> detector_;  // used by the compute thread only, without the lock; perhaps by other sessions too
  BatchQueue queue_;
  Jobs running_;            // the batch that the compute thread has taken
  Jobs passing_;            // those of them that are in the forward pass now
  CancelFlag pass_cancel_;  // of that pass: up once nobody wants it any more
  double trust_ = 1;        // in forecasts that turn calls away; compute thread only
  double pixels_that_fit_ = std::numeric_limits<double>::infinity();  // of a pass, padded; learned where memory ran out. Compute thread only
  bool closing_ = false;
  std::vector<std::function<void()>> closed_;
  SessionStats counts_;
};

}  // namespace mimdet
