// NativeBatch, prepareBatch and trainingPlan of lib/native-types.ts: pictures for training, made ahead of the step that reads
// them. Before it: lib/train. After it: data/batch (the work), addon/trainer_wrap (reads the batch).
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "addon/napi_setup.h"
#include "data/batch.h"

namespace mimdet {

/// The pictures of a NativeBatch; they live on as long as the pointer does, whatever becomes of the object.
/// Throws kInvalidArgument for anything else and kDisposed for one that was disposed of.
TrainingBatchPtr read_batch(const Napi::Value& value, const std::string& name);

/// prepareBatch(samples, augment, seed, first, job)
Napi::Value prepare_batch(const Napi::CallbackInfo& info);
/// trainingPlan(seed, pictures, first, length)
Napi::Value training_plan_js(const Napi::CallbackInfo& info);

}  // namespace mimdet
