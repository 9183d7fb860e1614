// The map of inference: picture -> resize -> preprocess -> model (or test_time_augmentation over it) -> postprocess.
// Before it: session (whose turn it is, which pictures travel together). After it: the addon.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "inference/detect_job.h"
#include "inference/device_memory.h"
#include "inference/model_info.h"
#include "inference/pass_forecast.h"
#include "model/mask_rcnn.h"

namespace mimdet {

struct DetectorOptions {
  std::string device = "auto";
  std::string precision = "auto";
  int threads = 0;                      // of LibTorch; 0: its own choice
  int64_t min_size = 0, max_size = 0;   // pixels; 0: the configuration's
};

/// Shape that the model sees for a picture of this size: resized, then padded.
SizeHw input_size(const ModelConfig& config, SizeHw picture);

/// How a pass is to be run, decided just before it.
struct PassPlan {
  double sample_ratio = 1;
  double predicted_ms = 0;  // of preprocessing, model and postprocessing, the mean; 0 where nothing is known
  double least_ms = 0;      // nine of ten such passes take longer; 0 where none has ended yet
};

/// A model on its device. All of it belongs to that device's compute thread, but for the end of one that nobody closed.
class Detector {
 public:
  /// Throws Error: kDevice, kInvalidArgument, kWeights, kOutOfMemory.
  Detector(const ModelWeights& weights, const DetectorOptions& options);

  const ModelInfo& info() const { return info_; }
  at::Device device() const { return device_; }

  /// How many pictures go through the model at once. On the CPU one after the other, so that no bit of a result depends on the
  /// company that its picture had; it is no slower there.
  int64_t pictures_per_pass() const;

  /// The largest sample ratio, at most that of `options`, with which nine of ten passes are predicted to end in `left_ms` (infinity: no
  /// limit); where none is, the smallest that is tried.
  PassPlan plan(const std::vector<BorrowedPicture*>& pictures, const DetectOptions& options, double left_ms) const;

  /// One result for each picture, in order. All have the same input size. Throws Cancelled between stations once `cancel` is up.
  std::vector<DetectResult> detect(const std::vector<BorrowedPicture*>& pictures, const DetectOptions& options,
                                   const CancelFlag& cancel) const;

  /// Bytes that a GPU holds for this process; 0 on the CPU.
  int64_t device_bytes() const;

 private:
  std::vector<DetectResult> detect_once(const std::vector<BorrowedPicture*>& pictures, const DetectOptions& options,
                                        const CancelFlag& cancel, StationLog& log) const;
  DetectResult detect_augmented(BorrowedPicture& picture, const DetectOptions& options, const CancelFlag& cancel,
                                StationLog& log) const;
  /// Of one picture.
  int64_t most_masks(const DetectOptions& options) const;
  PassMemory pass_memory(int64_t pictures, const DetectOptions& options) const;
  std::vector<PassShape> pass_parts(const std::vector<BorrowedPicture*>& pictures, const DetectOptions& options) const;
  void check_views(SizeHw picture, const DetectOptions& options) const;
  std::vector<Image> resize(const std::vector<BorrowedPicture*>& pictures) const;

  at::Device device_;
  at::ScalarType dtype_;
  ModelInfo info_;
  std::unique_ptr<MaskRcnn> model_;
  // detect() is called from one thread.
  mutable PassForecast forecast_;
};

}  // namespace mimdet
