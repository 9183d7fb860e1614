// Long work without LibTorch as a promise: it runs in the task pool, its result is made into a value on the JavaScript thread.
#pragma once

#include <memory>
#include <utility>

#include "addon/environment.h"
#include "base/error.h"
#include "base/task_pool.h"

namespace mimdet {

/// Begins a call that `cancel` of the addon can stop, through a flag.
struct CancellableCall {
  CancelFlag cancel = make_cancel_flag();
  Environment::Begun begun;

  CancellableCall(Environment& environment, double job) : begun(environment.begin(options(job, cancel))) {}

 private:
  static CallOptions options(double job, const CancelFlag& flag) {
    const auto raise = [flag] { flag->store(true); };
    return {.job = job, .cancel = raise, .abandon = raise};
  }
};

/// Hands work over by `post()`. What that throws, as nobody will do the work, rejects the call: it has begun, and must end.
template <class Post>
void hand_over(const Call& call, Post post) {
  try {
    post();
  } catch (...) {
    call.reject(std::current_exception());
  }
}

/// Runs `work(call)` in the pool. What it throws rejects the call; it answers the call itself otherwise, at once or later.
template <class Work>
void run_in_background(const CancelFlag& cancel, const Call& call, Work work) {
  const auto task = [cancel, call, work = std::move(work)] {
    try {
      throw_if_cancelled(cancel);
      work(call);
    } catch (...) {
      call.reject(std::current_exception());
    }
  };
  hand_over(call, [&] { TaskPool::instance().post(cancel, task); });
}

inline Napi::Value text_to_js(Napi::Env env, const std::string& text) { return Napi::String::New(env, text); }

/// A promise of `to_js(env, work(cancel))`: `work` runs in the pool, `to_js` on the JavaScript thread.
template <class Work, class ToJs>
Napi::Value background_promise(Napi::Env env, double job, Work work, ToJs to_js) {
  const CancellableCall pending(Environment::of(env), job);
  const CancelFlag cancel = pending.cancel;
  run_in_background(cancel, pending.begun.call, [cancel, work = std::move(work), to_js](const Call& call) {
    auto result = std::make_shared<decltype(work(cancel))>(work(cancel));
    call.resolve([result, to_js](Napi::Env js) -> Napi::Value { return to_js(js, *result); });
  });
  return pending.begun.promise;
}

}  // namespace mimdet
