#include "data/batch.h"

#include <atomic>

#include "base/task_pool.h"
#include "data/training_objects.h"

namespace mimdet {
namespace {

TrainingPicture read_picture(const AnnotatedPicture& from) {
  TrainingPicture picture;
  picture.image.size = from.image->size();
  picture.objects = parse_training_objects(from.objects, picture.image.size, from.name);
  picture.image.rgb = from.image->read([](const ImageView& view) {
    return std::vector<uint8_t>(view.rgb, view.rgb + view.size.height * view.size.width * 3);
  });
  return picture;
}

/// A batch on its way. Whoever ends last answers, also after a failure: by then nobody reads a picture any more.
class Preparation {
 public:
  Preparation(BatchRequest request, BatchAnswer answer)
      : request_(std::move(request)),
        answer_(std::move(answer)),
        batch_(std::make_shared<TrainingBatch>(request_.samples.size())),
        left_(request_.samples.size()) {}

  const CancelFlag& cancel() const { return request_.cancel; }

  void make(size_t index) {
    try {
      if (!failed_.load()) (*batch_)[index] = make_picture(request_, index);
    } catch (...) {
      fail(std::current_exception());
    }
    leave(1);
  }

  /// So many samples will not be made.
  void give_up(size_t samples, std::exception_ptr error) {
    fail(std::move(error));
    leave(samples);
  }

 private:
  void fail(std::exception_ptr error) {
    if (!failed_.exchange(true)) error_ = std::move(error);
  }

  void leave(size_t samples) {
    if (left_.fetch_sub(samples) != samples) return;
    if (failed_.load()) answer_.failed(std::move(error_));
    else answer_.done(std::move(batch_));
  }

  const BatchRequest request_;
  const BatchAnswer answer_;
  std::shared_ptr<TrainingBatch> batch_;
  std::exception_ptr error_;  // the first; read by whoever ends last
  std::atomic<size_t> left_;
  std::atomic<bool> failed_{false};
};

}  // namespace

TrainingPicture make_picture(const BatchRequest& request, size_t index) {
  throw_if_cancelled(request.cancel);
  const TrainingSample& sample = request.samples[index];
  const bool pastes = request.options.copy_paste && sample.donor;
  const auto donor = pastes ? std::make_unique<TrainingPicture>(read_picture(*sample.donor)) : nullptr;
  const int64_t position = request.first + static_cast<int64_t>(index);
  return augment(read_picture(sample.picture), donor.get(), request.options, request.seed, {position, request.first});
}

void prepare_batch(BatchRequest request, BatchAnswer answer) {
  const size_t count = request.samples.size();
  if (count == 0) return answer.done(std::make_shared<TrainingBatch>());
  const auto work = std::make_shared<Preparation>(std::move(request), std::move(answer));
  size_t i = 0;
  try {
    for (; i < count; ++i) TaskPool::instance().post(work->cancel(), [work, i] { work->make(i); });
  } catch (...) {
    work->give_up(count - i, std::current_exception());
  }
}

}  // namespace mimdet
