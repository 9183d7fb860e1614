// Trainers in JavaScript: createTrainer, and the object that it promises.
// Before it: lib/train. After it: train/training_session, on the compute thread.
#pragma once

#include "addon/napi_setup.h"

namespace mimdet {

/// createTrainer(options, init, job)
Napi::Value create_trainer(const Napi::CallbackInfo& info);

}  // namespace mimdet
