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

Napi::Value texts(Napi::Env env, const std::vector<std::string>& values) {
  const Napi::Array array = Napi::Array::New(env, values.size());
  for (uint32_t i = 0; i < values.size(); ++i) array.Set(i, values[i]);
  return array;
}

Napi::Value to_js(Napi::Env env, const StationLog& log) {
  const Napi::Object stations = Napi::Object::New(env);
  for (size_t i = 0; i < kStationCount; ++i) {
    const Napi::Object station = Napi::Object::New(env);
    station.Set("ms", log.ms.at(i));
    station.Set("multiplyAdds", log.multiply_adds.at(i));
    stations.Set(kStationNames.at(i), station);
  }
  return stations;
}

Napi::Value to_js(Napi::Env env, const DetectTiming& timing) {
  const Napi::Object object = Napi::Object::New(env);
  object.Set("queueMs", timing.queue_ms);
  object.Set("preprocessMs", timing.preprocess_ms);
  object.Set("modelMs", timing.model_ms);
  object.Set("postprocessMs", timing.postprocess_ms);
  object.Set("batchSize", static_cast<double>(timing.batch_size));
  object.Set("sampleRatio", timing.sample_ratio);
  object.Set("predictedMs", timing.predicted_ms > 0 ? Napi::Number::New(env, timing.predicted_ms) : env.Null());
  object.Set("stations", to_js(env, timing.stations));
  return object;
}

}  // namespace

PackedDetections pack(const DetectResult& result, bool masks) {
  PackedDetections packed;
  packed.has_masks = masks;
  packed.timing = result.timing;
  for (const Detection& detection : result.detections) {
    packed.boxes.insert(packed.boxes.end(), detection.box_xyxy.begin(), detection.box_xyxy.end());
    packed.scores.push_back(detection.score);
    packed.class_ids.push_back(static_cast<int32_t>(detection.class_id));
    if (masks) packed.masks.push_back(rle_to_string(detection.mask));
  }
  return packed;
}

Napi::Value to_js(Napi::Env env, const PackedDetections& detections) {
  const Napi::Object object = Napi::Object::New(env);
  object.Set("boxes", typed_array<Napi::Float32Array>(env, detections.boxes));
  object.Set("scores", typed_array<Napi::Float32Array>(env, detections.scores));
  object.Set("classIds", typed_array<Napi::Int32Array>(env, detections.class_ids));
  object.Set("masks", detections.has_masks ? texts(env, detections.masks) : env.Null());
  object.Set("timing", to_js(env, detections.timing));
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
