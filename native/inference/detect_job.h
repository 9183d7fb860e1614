// One call of detect on its way: made by the addon, kept by batch_queue, run by session, answered exactly once.
#pragma once

#include <atomic>
#include <exception>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "inference/borrowed_picture.h"
#include "inference/work_source.h"
#include "model/detect_options.h"
#include "model/stations.h"
#include "structures/detection.h"

namespace mimdet {

struct DetectTiming {
  double queue_ms = 0, preprocess_ms = 0, model_ms = 0, postprocess_ms = 0;
  int64_t batch_size = 1;
  double sample_ratio = 1;
  double predicted_ms = 0;   // of what follows the queue; 0 where nothing was known yet
  StationLog stations = {};  // of the whole pass
};

struct DetectResult {
  std::vector<Detection> detections;
  DetectTiming timing;
};

/// Why a job ended before its time.
enum class Ending { kNone, kCancelled, kDeadline, kDisposed };

struct DetectJob {
  explicit DetectJob(ImageView view) : picture(view) {}

  BorrowedPicture picture;
  DetectOptions options;
  int32_t priority = 0;                 // higher first
  std::string caller;                   // whose it is: callers take turns; without a name they are one together
  Clock::time_point deadline = kNever;  // of the result
  double budget_ms = 0;                 // what the caller allowed, of which `finish_by` is the end; 0: none
  Clock::time_point finish_by = kNever;
  /// Exactly one of the two is called, once, on any thread, with no lock held.
  std::function<void(DetectResult)> done;
  std::function<void(std::exception_ptr)> failed;

  // The session's own:
  SizeHw input_size;
  Clock::time_point arrival;
  double turn = 0;  // in batch_queue: the lower, the sooner
  std::atomic<Ending> ending = Ending::kNone;
};

using DetectJobPtr = std::shared_ptr<DetectJob>;

}  // namespace mimdet
