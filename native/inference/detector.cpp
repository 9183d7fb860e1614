#include "inference/detector.h"

#include <ATen/DeviceAccelerator.h>
#include <ATen/Parallel.h>

#include <limits>

#include "base/heap.h"
#include "base/stopwatch.h"
#include "image/preprocess.h"
#include "image/resize.h"
#include "inference/device.h"
#include "inference/device_clock.h"
#include "inference/engine.h"
#include "inference/memory_budget.h"
#include "inference/product_rate.h"
#include "inference/test_time_augmentation.h"
#include "model/postprocess.h"
#include "model/state_dict.h"

namespace mimdet {
namespace {

// A first call with a budget waits so long for a guess of what a pass will take.
constexpr double kFirstGuessMs = 10;

ModelInfo describe(const ModelWeights& weights, const DetectorOptions& options) {
  ModelInfo info = describe(weights);
  if (options.min_size > 0) info.config.min_size = options.min_size;
  if (options.max_size > 0) info.config.max_size = options.max_size;
  return info;
}

std::vector<ImageView> views(const std::vector<Image>& images) {
  std::vector<ImageView> result;
  for (const Image& image : images) result.push_back(image.view());
  return result;
}

}  // namespace

SizeHw input_size(const ModelConfig& config, SizeHw picture) {
  return padded_size(shortest_edge_size(picture, config.min_size, config.max_size), config.size_divisibility);
}

Detector::Detector(const ModelWeights& weights, const DetectorOptions& options)
    : device_(resolve_device(options.device)),
      dtype_(resolve_precision(options.precision, device_)),
      info_(describe(weights, options)),
      forecast_(info_.config) {
  Engine::use_threads(options.threads);
  info_.device = device_.str();
  info_.precision = precision_name(dtype_);
  info_.threads = at::get_num_threads();
  model_ = std::make_unique<MaskRcnn>(info_.config, as_state_dict(weights.tensors), device_, dtype_);
  give_back_free_memory();
}

int64_t Detector::pictures_per_pass() const { return device_.is_cpu() ? 1 : std::numeric_limits<int64_t>::max(); }

std::vector<DetectResult> Detector::detect(const std::vector<BorrowedPicture*>& pictures, const DetectOptions& options,
                                           const CancelFlag& cancel) const {
  std::vector<DetectResult> results;
  Stopwatch watch;
  StationLog log;
  DeviceClock clock(device_);
  if (!device_.is_cpu()) log.device = &clock;
  if (options.views.empty()) results = detect_once(pictures, options, cancel, log);
  else for (BorrowedPicture* picture : pictures) results.push_back(detect_augmented(*picture, options, cancel, log));
  clock.add_to(log);
  log.device = nullptr;  // of this pass alone
  forecast_.learn(pass_parts(pictures, options), log, watch.lap_ms() - log.total_ms());
  for (DetectResult& result : results) {
    result.timing.sample_ratio = options.sample_ratio;
    result.timing.stations = log;
  }
  return results;
}

PassPlan Detector::plan(const std::vector<BorrowedPicture*>& pictures, const DetectOptions& options, double left_ms) const {
  const bool limited = left_ms < std::numeric_limits<double>::infinity();
  if (limited && forecast_.knows_nothing()) forecast_.assume(product_rate(device_, dtype_, kFirstGuessMs));
  if (forecast_.knows_nothing()) return {.sample_ratio = options.sample_ratio};
  std::vector<PassShape> parts = pass_parts(pictures, options);
  const auto predict_ms = [&](double ratio) {
    for (PassShape& part : parts) part.sample_ratio = ratio;
    return forecast_.predict_ms(parts);
  };
  const double margin = forecast_.margin();
  const double ratio = limited ? ratio_within(left_ms / margin, options.sample_ratio, predict_ms) : options.sample_ratio;
  const double predicted_ms = predict_ms(ratio);
  return {ratio, predicted_ms, forecast_.has_learned() ? predicted_ms / margin : 0};
}

int64_t Detector::most_masks(const DetectOptions& options) const {
  return options.masks ? options.detections_per_image.value_or(info_.config.roi.detections_per_image) : 0;
}

PassMemory Detector::pass_memory(int64_t pictures, const DetectOptions& options) const {
  return {.device = device_, .dtype = layer_dtype(dtype_), .pictures = pictures, .masks = most_masks(options)};
}

/// Pictures of a batch are one part, views of test-time augmentation one each.
std::vector<PassShape> Detector::pass_parts(const std::vector<BorrowedPicture*>& pictures, const DetectOptions& options) const {
  const ModelConfig& config = info_.config;
  const int64_t masks = most_masks(options);
  const auto part = [&](SizeHw padded, int64_t count) -> PassShape {
    return {padded, options.sample_ratio, count, count * config.rpn.post_nms_topk_test, count * masks};
  };
  if (options.views.empty()) return {part(input_size(config, pictures.front()->size()), std::ssize(pictures))};
  std::vector<PassShape> parts;
  for (const BorrowedPicture* picture : pictures)
    for (const View& view : options.views)
      parts.push_back(part(padded_size(view_size(config, picture->size(), view), config.size_divisibility), 1));
  return parts;
}

std::vector<DetectResult> Detector::detect_once(const std::vector<BorrowedPicture*>& pictures, const DetectOptions& options,
                                                const CancelFlag& cancel, StationLog& log) const {
  check_memory(info_.config, input_size(info_.config, pictures.front()->size()), pass_memory(std::ssize(pictures), options));
  Stopwatch watch;
  const std::vector<Image> resized = resize(pictures);
  throw_if_cancelled(cancel);
  const ImageBatch batch = preprocess(views(resized), info_.config, device_);
  const double preprocess_ms = watch.lap_ms();
  const std::vector<Instances> found = model_->detect(batch, options, cancel, &log);
  const double model_ms = watch.lap_ms();

  std::vector<DetectResult> results(pictures.size());
  for (size_t i = 0; i < pictures.size(); ++i) {
    results[i].detections = postprocess(found[i], pictures[i]->size());
    results[i].timing = {.preprocess_ms = preprocess_ms, .model_ms = model_ms, .postprocess_ms = watch.lap_ms()};
  }
  return results;
}

DetectResult Detector::detect_augmented(BorrowedPicture& picture, const DetectOptions& options, const CancelFlag& cancel,
                                        StationLog& log) const {
  const ModelConfig& config = info_.config;
  check_views(picture.size(), options);
  double preprocess_ms = 0;
  const auto show = [&](const View& view) {
    Stopwatch watch;
    const Image image = picture.read([&](const ImageView& pixels) { return view_picture(config, pixels, view); });
    throw_if_cancelled(cancel);
    ImageBatch batch = preprocess({image.view()}, config, device_);
    preprocess_ms += watch.lap_ms();
    return batch;
  };
  Stopwatch watch;
  const SizeHw frame = view_size(config, picture.size(), View());
  const Instances found = detect_in_views(*model_, frame, show, options, cancel, &log);
  const double model_ms = watch.lap_ms() - preprocess_ms;
  DetectResult result = {postprocess(found, picture.size()), {}};
  result.timing = {.preprocess_ms = preprocess_ms, .model_ms = model_ms, .postprocess_ms = watch.lap_ms()};
  return result;
}

/// All views' pyramids are alive at the end.
void Detector::check_views(SizeHw picture, const DetectOptions& options) const {
  const ModelConfig& config = info_.config;
  SizeHw largest;
  PassMemory memory = pass_memory(1, options);
  for (const View& view : options.views) {
    const SizeHw size = padded_size(view_size(config, picture, view), config.size_divisibility);
    if (size.height * size.width > largest.height * largest.width) largest = size;
    memory.kept_bytes += pyramid_bytes(config, size);
  }
  check_memory(config, largest, memory);
}

std::vector<Image> Detector::resize(const std::vector<BorrowedPicture*>& pictures) const {
  const ModelConfig& config = info_.config;
  std::vector<Image> resized;
  for (BorrowedPicture* picture : pictures)
    resized.push_back(picture->read([&](const ImageView& view) {
      return resize_bilinear(view, shortest_edge_size(view.size, config.min_size, config.max_size));
    }));
  return resized;
}

int64_t Detector::device_bytes() const {
  if (device_.is_cpu()) return 0;
  const auto stats = at::accelerator::getDeviceStats(device_.index());
  return stats.allocated_bytes[static_cast<size_t>(c10::CachingAllocator::StatType::AGGREGATE)].current;
}

}  // namespace mimdet
