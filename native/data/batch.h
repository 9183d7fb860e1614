// Pictures of one step, decoded and annotated → augmented, each on a thread of the task pool, ahead of the step that will read
// them. Before it: addon/batch_wrap. After it: train/ (normalises, pads), or `draw --augmented`.
#pragma once

#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/cancel.h"
#include "data/augment/augment.h"
#include "data/training_picture.h"
#include "inference/borrowed_picture.h"

namespace mimdet {

using TrainingBatch = std::vector<TrainingPicture>;
using TrainingBatchPtr = std::shared_ptr<const TrainingBatch>;

/// A picture whose pixels belong to somebody else, read once; `objects` is JSON text (data/training_objects.h), `name` stands in
/// messages.
struct AnnotatedPicture {
  std::shared_ptr<BorrowedPicture> image;
  std::string objects, name;
};

struct TrainingSample {
  AnnotatedPicture picture;
  std::optional<AnnotatedPicture> donor;
};

struct BatchRequest {
  std::vector<TrainingSample> samples;
  AugmentOptions options;
  uint64_t seed = 0;
  int64_t first = 0;  // position of the first sample in the run
  CancelFlag cancel;
};

/// One of the two is called, once nobody reads the pictures any more: on a thread of the pool, or at once where there is nothing to make or nobody to
/// make it. Neither where the pool is stopped meanwhile.
struct BatchAnswer {
  std::function<void(TrainingBatchPtr)> done;
  std::function<void(std::exception_ptr)> failed;
};

/// The picture at that place of the request. What is wrong with its objects is an Error(kInvalidArgument); Cancelled where the
/// flag is up.
TrainingPicture make_picture(const BatchRequest& request, size_t index);

/// Makes all pictures in parallel; the result does not depend on the number of threads. Fails with kDisposed where the process is
/// ending.
void prepare_batch(BatchRequest request, BatchAnswer answer);

}  // namespace mimdet
