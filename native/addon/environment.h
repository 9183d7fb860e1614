// One JavaScript thread that uses the addon: the promises it waits for, the way back to it from other threads, and its end.
// Before it: the *_wrap files, which begin calls. After it: whoever does the work, and answers through Call.
//
// The end is the hard part. A process may exit, fail or terminate a worker with work in flight, and it neither crashes nor waits for more than one
// station of a forward pass or one file:
// * main thread: 'exit' (also of process.exit and of an uncaught error) stops the engine and waits for its thread;
// * a worker: a cleanup hook marks it closed, cancels its calls and takes its pictures back; later answers find it closed;
// * the last environment stops the engine too: nothing may be inside LibTorch when static destructors run.
#pragma once

#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <unordered_map>

#include "addon/napi_setup.h"

namespace mimdet {

class Environment;

/// Makes a result, on the JavaScript thread.
using MakeValue = std::function<Napi::Value(Napi::Env)>;

/// The other end of a promise. Any thread may answer, once; later answers, and those to an environment that is gone, are dropped.
class Call {
 public:
  Call(std::shared_ptr<Environment> environment, uint64_t id) : environment_(std::move(environment)), id_(id) {}
  void resolve(MakeValue make) const;
  void reject(std::exception_ptr error) const;

 private:
  std::shared_ptr<Environment> environment_;
  uint64_t id_;
};

/// What an environment keeps of a call until it is answered.
struct CallOptions {
  double job = 0;                     // JavaScript's number for it; 0: cannot be cancelled
  Napi::Value kept = {};              // a value that must stay alive meanwhile
  std::function<void()> cancel = {};  // JavaScript thread
  std::function<void()> abandon = {}; // the environment ends: cancel, and touch its memory no more
};

/// All methods but `answer` belong to the environment's own thread.
class Environment : public std::enable_shared_from_this<Environment> {
 public:
  /// Called once by the addon's init.
  static void open(Napi::Env env);
  static Environment& of(Napi::Env env);

  struct Begun {
    Call call;
    Napi::Promise promise;
  };
  /// The process stays alive until the call is answered.
  Begun begin(const CallOptions& options);
  /// Cancels the call of that number; nothing where there is none.
  void cancel(double job);

  /// Any thread: settles the call of that id with what `make` makes, or with `error`. Dropped once the environment has ended.
  void answer(uint64_t id, MakeValue make, std::exception_ptr error);

 private:
  struct Pending {
    double job;
    Napi::Promise::Deferred deferred;
    Napi::Reference<Napi::Value> kept;
    std::function<void()> cancel, abandon;
  };

  explicit Environment(Napi::Env env) : env_(env) {}
  void create_way_back();
  void post(std::function<void()> task);
  void settle(uint64_t id, const MakeValue& make, const std::exception_ptr& error);
  void stop_engine_at_exit();
  void close();
  static void on_posted(napi_env env, napi_value, void*, void* data);
  static void on_cleanup(void* data);

  const Napi::Env env_;
  std::mutex mutex_;  // guards the two below against other threads
  napi_threadsafe_function way_back_ = nullptr;
  bool closed_ = false;
  uint64_t last_id_ = 0;
  std::unordered_map<uint64_t, Pending> pending_;
  std::unordered_map<double, uint64_t> jobs_;
};

}  // namespace mimdet
