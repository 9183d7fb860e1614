// COCO evaluation in JavaScript. Before it: lib/evaluator.ts. After it: eval/coco_json and eval/coco_eval, in the task pool.
#pragma once

#include "addon/napi_setup.h"

namespace mimdet {

/// evaluate(groundTruth, detections, options, job)
Napi::Value evaluate_coco(const Napi::CallbackInfo& info);

}  // namespace mimdet
