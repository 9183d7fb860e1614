// The one place where errors of the native code become JavaScript's. The other way round there is nothing to do: a JavaScript
// exception passes through as Napi::Error.
#pragma once

#include <exception>

#include "addon/napi_setup.h"

namespace mimdet {

/// An Error with the stable `code`; 'CANCELLED' for a call that was cancelled, whose reason the caller knows.
Napi::Value to_js_error(Napi::Env env, const std::exception_ptr& error);

/// Calls `function()`; what it throws becomes a JavaScript exception. Anything else that leaves a callback ends the process.
template <class Function>
Napi::Value throwing(Napi::Env env, Function function) {
  try {
    return function();
  } catch (const Napi::Error&) {
    throw;
  } catch (...) {
    throw Napi::Error(env, to_js_error(env, std::current_exception()));
  }
}

inline Napi::Value rejected(Napi::Env env, const Napi::Value& reason) {
  const auto deferred = Napi::Promise::Deferred::New(env);
  deferred.Reject(reason);
  return deferred.Promise();
}

/// The same for a function that returns a promise: what it throws rejects one.
template <class Function>
Napi::Value rejecting(Napi::Env env, Function function) {
  try {
    return function();
  } catch (const Napi::Error& error) {
    return rejected(env, error.Value());
  } catch (...) {
    return rejected(env, to_js_error(env, std::current_exception()));
  }
}

}  // namespace mimdet
