#include "addon/detector_wrap.h"

#include <cmath>
#include <limits>
#include <variant>

#include "addon/arguments.h"
#include "addon/background.h"
#include "addon/errors.h"
#include "addon/results.h"
#include "inference/device.h"
#include "inference/engine.h"
#include "inference/product_rate.h"
#include "inference/shared_detectors.h"
#include "inference/torch_errors.h"

namespace mimdet {
namespace {

constexpr int64_t kMostThreads = 1024;
constexpr int64_t kMostPixels = 1 << 20;  // of one side of the model's input
constexpr int64_t kMostViews = 64;        // of test-time augmentation
constexpr double kLeastScale = 0.01, kMostScale = 100;
constexpr double kPeakMeasureMs = 300;
constexpr double kLongestWaitMs = 1e9;    // of a delay or deadline; beyond it the clock would overflow

using SessionPtr = std::shared_ptr<Session>;

struct LoadOptions {
  DetectorOptions detector;
  BatchLimits limits;
};

Clock::duration read_duration(const Napi::Value& value, const std::string& name) {
  const double ms = read_number(value, name);
  if (!(ms >= 0)) fail_expected(ErrorCode::kInvalidArgument, "a number of milliseconds", name, std::to_string(ms));
  return duration_of_ms(std::min(ms, kLongestWaitMs));
}

LoadOptions read_load_options(const Napi::Value& value) {
  const Napi::Object options = read_object(value, "options");
  LoadOptions read;
  read.detector.device = read_text(options.Get("device"), "device");
  read.detector.precision = read_text(options.Get("precision"), "precision");
  read.detector.threads = static_cast<int>(read_integer(options.Get("threads"), "threads", 0, kMostThreads));
  read.detector.min_size = read_integer(options.Get("minSize"), "minSize", 0, kMostPixels);
  read.detector.max_size = read_integer(options.Get("maxSize"), "maxSize", 0, kMostPixels);
  read.limits.max_batch = static_cast<size_t>(read_integer(options.Get("maxBatchSize"), "maxBatchSize", 1, 4096));
  read.limits.max_delay = read_duration(options.Get("maxQueueDelayMs"), "maxQueueDelayMs");
  read.limits.max_waiting = static_cast<size_t>(read_integer(options.Get("maxQueueSize"), "maxQueueSize", 0, int64_t{1} << 53));
  return read;
}

double read_share(const Napi::Value& value, const std::string& name) {
  const double share = read_number(value, name);
  if (share >= 0 && share <= 1) return share;
  fail_expected(ErrorCode::kInvalidArgument, "a number from 0 to 1", name, std::to_string(share));
}

/// { scale, flipHorizontal, flipVertical } each.
std::vector<View> read_views(const Napi::Value& value) {
  const Napi::Object list = read_object(value, "views");
  std::vector<View> views;
  const int64_t count = read_integer(list.Get("length"), "views.length", 0, kMostViews);
  for (uint32_t i = 0; i < count; ++i) {
    const Napi::Object view = read_object(list.Get(i), "views[]");
    const double scale = read_number(view.Get("scale"), "scale");
    if (!(scale >= kLeastScale && scale <= kMostScale))
      fail_expected(ErrorCode::kInvalidArgument, "a scale that a picture can be seen at", "scale", std::to_string(scale));
    views.push_back({scale, read_boolean(view.Get("flipHorizontal"), "flipHorizontal"), read_boolean(view.Get("flipVertical"), "flipVertical")});
  }
  return views;
}

/// A budget began with the caller's call, `spentMs` ago.
void read_budget(const Napi::Object& options, DetectJob& job) {
  const Clock::duration budget = read_duration(options.Get("budgetMs"), "budgetMs");
  const Clock::duration spent = read_duration(options.Get("spentMs"), "spentMs");
  if (budget == Clock::duration::zero()) return;
  job.budget_ms = milliseconds(budget);
  job.finish_by = Clock::now() - spent + budget;
}

void read_detect_options(const Napi::Value& value, DetectJob& job, const ModelInfo& model) {
  constexpr int64_t least = std::numeric_limits<int32_t>::min(), most = std::numeric_limits<int32_t>::max();
  const Napi::Object options = read_object(value, "options");
  job.options.score_threshold = read_share(options.Get("scoreThreshold"), "scoreThreshold");
  const int64_t detections = read_integer(options.Get("maxDetections"), "maxDetections", 0, most);
  if (detections > 0) job.options.detections_per_image = detections;
  job.options.class_ids = read_int32_list(options.Get("classIds"), "classIds");
  for (const int64_t id : job.options.class_ids)
    if (id < 0 || id >= model.config.num_classes())
      fail_expected(ErrorCode::kInvalidArgument, "classes of the model", "classIds", std::to_string(id));
  job.options.masks = read_boolean(options.Get("masks"), "masks");
  job.options.sample_ratio = read_share(options.Get("sampleRatio"), "sampleRatio");
  if (job.options.sample_ratio == 0) fail_expected(ErrorCode::kInvalidArgument, "a number above 0", "sampleRatio", "0");
  job.options.seed = read_uint64(options.Get("seed"), "seed");
  job.options.views = read_views(options.Get("views"));
  job.priority = static_cast<int32_t>(read_integer(options.Get("priority"), "priority", least, most));
  job.caller = read_text(options.Get("caller"), "caller");
  read_budget(options, job);
  const Clock::duration deadline = read_duration(options.Get("deadlineMs"), "deadlineMs");
  if (deadline > Clock::duration::zero()) job.deadline = Clock::now() + deadline;
}

/// detect(image, options, job)
Napi::Value detect(const SessionPtr& session, const Napi::CallbackInfo& info) {
  const ImageView picture = read_picture(info[0]);
  const auto job = std::make_shared<DetectJob>(picture);
  read_detect_options(info[1], *job, session->info());
  const auto [call, promise] = Environment::of(info.Env()).begin({
      .job = read_number(info[2], "job"),
      .kept = info[0].As<Napi::Object>().Get("data"),
      .cancel = [session, job] { session->cancel(job); },
      .abandon =
          [session, job] {
            session->cancel(job);
            job->picture.take_back();
          },
  });
  job->done = [call, masks = job->options.masks](const DetectResult& result) {
    try {
      auto packed = std::make_shared<PackedDetections>(pack(result, masks));
      call.resolve([packed](Napi::Env env) { return to_js(env, *packed); });
    } catch (...) {
      call.reject(std::current_exception());
    }
  };
  job->failed = [call](const std::exception_ptr& error) { call.reject(error); };
  try {
    session->submit(job);
  } catch (...) {
    call.reject(std::current_exception());
  }
  return promise;
}

/// close(drain)
Napi::Value close(const SessionPtr& session, const Napi::CallbackInfo& info) {
  const bool drain = read_boolean(info[0], "drain");
  const auto [call, promise] = Environment::of(info.Env()).begin({});
  session->close(drain, [call] { call.resolve([](Napi::Env env) { return env.Undefined(); }); });
  return promise;
}

/// productRate(): multiply-adds a millisecond of one large product, where and as the detector computes.
Napi::Value measure_product_rate(const SessionPtr& session, const Napi::CallbackInfo& info) {
  const auto [call, promise] = Environment::of(info.Env()).begin({});
  const auto measure = [session, call] {
    try {
      const ModelInfo& model = session->info();
      Engine::use_threads(model.threads);
      const at::Device device = resolve_device(model.device);
      const double rate = product_rate(device, resolve_precision(model.precision, device), kPeakMeasureMs);
      call.resolve([rate](Napi::Env env) { return Napi::Number::New(env, rate); });
    } catch (...) {
      call.reject(current_error());
    }
  };
  hand_over(call, [&] { Engine::instance().post(measure); });
  return promise;
}

/// Functions that own the session, rather than a class: there is no constructor to call and no `this` to get wrong.
Napi::Value make_detector(Napi::Env env, const SessionPtr& session) {
  const auto async_method = [&](const char* name, auto function) {
    const auto call = [session, function](const Napi::CallbackInfo& info) {
      return rejecting(info.Env(), [&] { return function(session, info); });
    };
    return Napi::Function::New(env, call, name);
  };
  const auto stats = [session](const Napi::CallbackInfo& info) { return to_js(info.Env(), session->stats()); };
  const Napi::Object detector = Napi::Object::New(env);
  detector.Set("info", to_js(env, session->info()));
  detector.Set("detect", async_method("detect", detect));
  detector.Set("close", async_method("close", close));
  detector.Set("productRate", async_method("productRate", measure_product_rate));
  detector.Set("stats", Napi::Function::New(env, stats, "stats"));
  return detector;
}

using WeightsSource = std::variant<std::string, FileBytes>;  // a path, or a file in memory

WeightsSource read_source(const Napi::Value& value) {
  if (value.IsString()) return read_text(value, "source");
  return copy_bytes(value, "source");
}

ModelWeights load(const WeightsSource& source) {
  return std::visit([](const auto& from) { return load_weights(from); }, source);
}

/// What the load of a detector is about.
struct Loading {
  WeightsSource source;
  LoadOptions options;
  CancelFlag cancel;
  std::string key;  // in SharedDetectors; empty: not shared
};

/// Of a file in memory nobody else knows.
std::string key_of(const WeightsSource& source, const DetectorOptions& options) {
  const auto* path = std::get_if<std::string>(&source);
  return path ? detector_key(*path, options) : std::string();
}

/// The process's own for that file, or a new one. `weights`: null where one was there a moment ago; freed here.
std::shared_ptr<Detector> shared_or_new(const Loading& loading, std::shared_ptr<ModelWeights> weights) {
  SharedDetectors& shared = SharedDetectors::instance();
  if (auto detector = shared.find(loading.key)) return detector;
  if (!weights) weights = std::make_shared<ModelWeights>(load(loading.source));
  const auto detector = std::make_shared<Detector>(*weights, loading.options.detector);
  // A file that was replaced while it was read is not what its key says.
  if (!loading.key.empty() && loading.key == key_of(loading.source, loading.options.detector)) shared.add(loading.key, detector);
  return detector;
}

/// On the compute thread. `weights` is the last owner of the file: it is freed before anybody hears of the detector.
void build(const Loading& loading, std::shared_ptr<ModelWeights> weights, const Call& call) {
  try {
    throw_if_cancelled(loading.cancel);
    const SessionPtr session = Session::open(shared_or_new(loading, std::move(weights)), loading.options.limits);
    call.resolve([session](Napi::Env env) { return make_detector(env, session); });
  } catch (...) {
    call.reject(current_error());
  }
}

}  // namespace

Napi::Value load_detector(const Napi::CallbackInfo& info) {
  const LoadOptions options = read_load_options(info[1]);
  const double job = read_number(info[2], "job");
  const WeightsSource source = read_source(info[0]);
  const CancellableCall pending(Environment::of(info.Env()), job);
  const Loading loading = {source, options, pending.cancel, key_of(source, options.detector)};
  run_in_background(pending.cancel, pending.begun.call, [loading](const Call& call) {
    std::shared_ptr<ModelWeights> weights;
    if (!SharedDetectors::instance().holds(loading.key)) weights = std::make_shared<ModelWeights>(load(loading.source));
    Engine::instance().post([loading, weights = std::move(weights), call]() mutable { build(loading, std::move(weights), call); });
  });
  return pending.begun.promise;
}

}  // namespace mimdet
