// Waiting pictures of one detector, gathered to batches of one padded shape and equal options (a result depends on the padded
// shape, so other company would change it). No lock and no thread of its own.
// Before it: session.submit. After it: session.run_one.
#pragma once

#include <cstddef>
#include <string>
#include <unordered_map>
#include <vector>

#include "inference/detect_job.h"

namespace mimdet {

struct BatchLimits {
  size_t max_batch = 1;
  Clock::duration max_delay{};  // how long a picture may wait for company
  size_t max_waiting = 0;       // 0: no bound
};

/// Order: higher priority first, then by turns. Callers share what is computed evenly, pixel by pixel (start-time fair queueing, Goyal,
/// Vin and Cheng 1996), so one with a thousand pictures holds nobody up; among one caller's own it is first come, first served. A batch
/// is led by the first picture whose batch is ready, so a rare shape waits no longer than a common one. Nobody starves: when
/// kMostPassedOver batches in a row were led past a picture of lower priority whose turn it was, it leads the next.
class BatchQueue {
 public:
  static constexpr int kMostPassedOver = 16;

  explicit BatchQueue(BatchLimits limits) : limits_(limits) {}

  /// Throws Error(kQueueFull) where max_waiting pictures wait already.
  void push(DetectJobPtr job);
  /// Takes one job out. False where it is not waiting here.
  bool remove(const DetectJob& job);
  /// When the next batch is ready: full, or its oldest picture has waited max_delay. kNever where nothing waits.
  Clock::time_point ready_at() const;
  /// The next batch that is ready at `now`; empty where none is.
  std::vector<DetectJobPtr> take(Clock::time_point now);
  /// Takes out what has missed its deadline.
  std::vector<DetectJobPtr> take_expired(Clock::time_point now);
  std::vector<DetectJobPtr> take_all();
  /// No batch waits for company any more: nobody will come.
  void stop_waiting() { limits_.max_delay = Clock::duration::zero(); }

  /// Of what waits; kNever where nothing has one.
  Clock::time_point next_deadline() const;

  size_t size() const;

 private:
  using Group = std::vector<DetectJobPtr>;  // of one shape and equal options, in order; never empty

  Clock::time_point ready_at(const Group& group) const;
  std::vector<DetectJobPtr> take_batch(const DetectJobPtr& leader);
  double take_turn(const DetectJob& job);
  void pass_turn(double turn);
  void forget_callers_if_empty();
  template <class Predicate>
  std::vector<DetectJobPtr> take_if(Predicate predicate);

  BatchLimits limits_;
  std::vector<Group> groups_;
  double now_ = 0;                                // the highest turn that has led a batch
  std::unordered_map<std::string, double> next_;  // the next turn of each caller whose last one is still to come
  int passed_over_ = 0;                           // batches that a higher priority led past the picture whose turn it was
};

}  // namespace mimdet
