// The one place where errors of the native code become JavaScript's. The other way round there is nothing to do: a JavaScript
// exception passes through as Napi::Error.
#pragma once

#include <exception>

#include "addon/napi_setup.h"

namespace mimdet {

/// An Error with the stable `code`; 'CANCELLED' for a call that was cancelled, whose reason the caller knows.
Napi::Value to_js_error(Napi::Env env, const std::exception_ptr& error);

/// Calls `function()`, its errors translated. Anything else that leaves a callback ends the process.
template <class Function>
Napi::Value translated(Napi::Env env, Function function) {
  try {
    return function();
  } catch (const Napi::Error&) {
    throw;
  } catch (...) {
    throw Napi::Error(env, to_js_error(env, std::current_exception()));
  }
}

/// An exported function: `function(info)` with its errors translated.
template <auto function>
Napi::Value guarded(const Napi::CallbackInfo& info) {
  return translated(info.Env(), [&] { return function(info); });
}

}  // namespace mimdet
