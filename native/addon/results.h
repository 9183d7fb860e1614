// What the native code found, as JavaScript values (lib/native-types.ts has their types).
// Before it: inference/session. After it: lib/detections.ts.
#pragma once

#include <memory>
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
  std::vector<std::string> masks;  // COCO compressed; empty where masks were not asked for
  bool has_masks = false;
  DetectTiming timing;
};
PackedDetections pack(const DetectResult& result, bool masks);

Napi::Value to_js(Napi::Env env, const PackedDetections& detections);
Napi::Value to_js(Napi::Env env, const ModelInfo& info);
Napi::Value to_js(Napi::Env env, const SessionStats& stats);

}  // namespace mimdet
