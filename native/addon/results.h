// What the native code found, as JavaScript values (lib/native-types.ts has their types).
// Before it: inference/session. After it: lib/detections.ts.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "addon/napi_setup.h"
#include "inference/session.h"

namespace mimdet {

/// Detections in the shape that JavaScript takes, so that its thread has little left to do. Made on the compute thread.
struct PackedDetections {
  std::vector<float> boxes;  // x1 y1 x2 y2 of each, pixels of the picture
  std::vector<float> scores;
  std::vector<int32_t> class_ids;
  std::optional<std::string> masks;  // COCO compressed, a line each: a string each would cost more calls into Node than all else
  std::vector<double> times;         // in the order of lib/packed-detections.ts
};
PackedDetections pack(const DetectResult& result, bool masks);

Napi::Value to_js(Napi::Env env, const PackedDetections& detections);
Napi::Value to_js(Napi::Env env, const ModelInfo& info);
Napi::Value to_js(Napi::Env env, const SessionStats& stats);

}  // namespace mimdet
