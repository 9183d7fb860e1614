// Detectors in JavaScript: loadDetector, and the object that it promises.
// Before it: lib/detector.ts. After it: weights/load_weights in the task pool, then inference/session.
#pragma once

#include "addon/napi_setup.h"

namespace mimdet {

/// loadDetector(source, options, job)
Napi::Value load_detector(const Napi::CallbackInfo& info);

}  // namespace mimdet
