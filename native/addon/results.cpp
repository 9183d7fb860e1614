#include "addon/results.h"

#include <algorithm>

#include "base/json.h"

namespace mimdet {
namespace {

template <class Array, class T>
Array typed_array(Napi::Env env, const std::vector<T>& numbers) {
  Array array = Array::New(env, numbers.size());
  std::ranges::copy(numbers, array.Data());
  return array;
}

std::vector<double> times_of(const DetectTiming& timing) {
  std::vector<double> times = {timing.queue_ms, timing.preprocess_ms, timing.model_ms, timing.postprocess_ms,
                               static_cast<double>(timing.batch_size), timing.sample_ratio, timing.predicted_ms};
  for (size_t i = 0; i < kStationCount; ++i) times.insert(times.end(), {timing.stations.ms.at(i), timing.stations.multiply_adds.at(i)});
  return times;
}

}  // namespace

PackedDetections pack(const DetectResult& result, bool masks) {
  PackedDetections packed;
  packed.times = times_of(result.timing);
  if (masks) packed.masks.emplace();
  for (const Detection& detection : result.detections) {
    packed.boxes.insert(packed.boxes.end(), detection.box_xyxy.begin(), detection.box_xyxy.end());
    packed.scores.push_back(detection.score);
    packed.class_ids.push_back(static_cast<int32_t>(detection.class_id));
    if (masks) (*packed.masks += rle_to_string(detection.mask)) += '\n';
  }
  return packed;
}

Napi::Value to_js(Napi::Env env, const PackedDetections& detections) {
  const Napi::Object object = Napi::Object::New(env);
  object.Set("boxes", typed_array<Napi::Float32Array>(env, detections.boxes));
  object.Set("scores", typed_array<Napi::Float32Array>(env, detections.scores));
  object.Set("classIds", typed_array<Napi::Int32Array>(env, detections.class_ids));
  object.Set("masks", detections.masks ? Napi::String::New(env, *detections.masks) : env.Null());
  object.Set("times", typed_array<Napi::Float64Array>(env, detections.times));
  return object;
}

Napi::Value to_js(Napi::Env env, const ModelInfo& info) {
  const Napi::Object metadata = Napi::Object::New(env);
  for (const auto& [key, value] : info.metadata) metadata.Set(key, value);
  const Napi::Object object = Napi::Object::New(env);
  object.Set("config", info.config.to_json().dump());
  object.Set("metadata", metadata);
  object.Set("preset", info.preset);
  object.Set("parameters", static_cast<double>(info.parameters));
  object.Set("device", info.device);
  object.Set("precision", info.precision);
  object.Set("threads", info.threads);
  return object;
}

Napi::Value to_js(Napi::Env env, const SessionStats& stats) {
  const Napi::Object object = Napi::Object::New(env);
  const auto set = [&](const char* name, auto number) { object.Set(name, static_cast<double>(number)); };
  set("queued", stats.queued);
  set("running", stats.running);
  set("completed", stats.completed);
  set("failed", stats.failed);
  set("rejected", stats.rejected);
  set("cancelled", stats.cancelled);
  set("batches", stats.batches);
  set("waitingMsTotal", stats.waiting_ms);
  set("computeMsTotal", stats.compute_ms);
  set("deviceBytes", stats.device_bytes);
  return object;
}

}  // namespace mimdet
