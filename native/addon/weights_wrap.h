// Weights files in JavaScript, without a model being built.
// Before it: lib/ (convert, info). After it: weights/convert, weights/inspect.
#pragma once

#include "addon/napi_setup.h"

namespace mimdet {

Napi::Value convert_weights(const Napi::CallbackInfo& info);  // (input, output, options, job)
Napi::Value inspect_weights_js(const Napi::CallbackInfo& info);  // (source)
Napi::Value preset_config(const Napi::CallbackInfo& info);    // (name)

}  // namespace mimdet
