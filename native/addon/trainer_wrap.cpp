#include "addon/trainer_wrap.h"

#include "addon/arguments.h"
#include "addon/background.h"
#include "addon/batch_wrap.h"
#include "addon/errors.h"
#include "inference/device.h"
#include "inference/engine.h"
#include "inference/torch_errors.h"
#include "train/training_session.h"

namespace mimdet {
namespace {

using SessionPtr = std::shared_ptr<TrainingSession>;

Napi::Object losses_to_js(Napi::Env env, const StepReport& report) {
  const Napi::Object losses = Napi::Object::New(env);
  losses.Set("rpnCls", report.losses.rpn_cls);
  losses.Set("rpnLoc", report.losses.rpn_loc);
  losses.Set("cls", report.losses.cls);
  losses.Set("boxReg", report.losses.box_reg);
  losses.Set("mask", report.losses.mask);
  return losses;
}

Napi::Object times_to_js(Napi::Env env, const StepReport& report) {
  const Napi::Object times = Napi::Object::New(env);
  times.Set("prepare", report.ms.prepare);
  times.Set("backbone", report.ms.backbone);
  times.Set("rpn", report.ms.rpn);
  times.Set("roi", report.ms.roi);
  times.Set("backward", report.ms.backward);
  times.Set("update", report.ms.update);
  times.Set("total", report.ms.total);
  return times;
}

Napi::Value to_js(Napi::Env env, const StepReport& report) {
  const Napi::Object object = Napi::Object::New(env);
  object.Set("step", static_cast<double>(report.step));
  object.Set("lr", report.lr);
  object.Set("losses", losses_to_js(env, report));
  object.Set("total", report.losses.total());
  object.Set("gradNorm", report.grad_norm);
  object.Set("objects", static_cast<double>(report.objects));
  object.Set("foreground", static_cast<double>(report.foreground));
  object.Set("ms", times_to_js(env, report));
  return object;
}

Napi::Value nothing(Napi::Env env) { return env.Undefined(); }

/// A promise of what `work(trainer, cancel)` returns: a function that makes the value, on the JavaScript thread. `work` runs on the compute thread.
template <class Work>
Napi::Value promise_of(const SessionPtr& session, Napi::Env env, const Napi::Value& job, Work work) {
  const CancelFlag cancel = make_cancel_flag();
  const auto raise = [session, cancel] { cancel->store(true); };  // holds the session, so that pending work is never dropped
  const auto [call, promise] = Environment::of(env).begin({.job = read_number(job, "job"), .cancel = raise, .abandon = raise});
  const auto run = [call, cancel, work = std::move(work)](Trainer& trainer) -> std::function<void()> {
    return [call, make = MakeValue(work(trainer, cancel))] { call.resolve(make); };
  };
  try {
    session->submit({cancel, run, [call](const std::exception_ptr& error) { call.reject(error); }});
  } catch (...) {
    call.reject(std::current_exception());
  }
  return promise;
}

std::vector<TrainingBatchPtr> read_batches(const Napi::Value& value) {
  if (!value.IsArray()) fail_expected(ErrorCode::kInvalidArgument, "an array of batches", "batches", "another value");
  const auto array = value.As<Napi::Array>();
  std::vector<TrainingBatchPtr> batches;
  for (uint32_t i = 0; i < array.Length(); ++i) batches.push_back(read_batch(array.Get(i), "batches[]"));
  return batches;
}

/// trainStep(batches, job)
Napi::Value train_step(const SessionPtr& session, const Napi::CallbackInfo& info) {
  return promise_of(session, info.Env(), info[1], [batches = read_batches(info[0])](Trainer& trainer, const CancelFlag& cancel) {
    return [report = trainer.step(batches, cancel)](Napi::Env env) { return to_js(env, report); };
  });
}

WeightsOf read_which(const std::string& which) {
  if (which == "ema") return WeightsOf::kAverage;
  if (which == "raw") return WeightsOf::kLastStep;
  fail_expected(ErrorCode::kInvalidArgument, "'ema' or 'raw'", "which", "'" + which + "'");
}

Metadata read_metadata(const Napi::Value& value) {
  const Napi::Object object = read_object(value, "metadata");
  const Napi::Array keys = object.GetPropertyNames();
  Metadata metadata;
  for (uint32_t i = 0; i < keys.Length(); ++i) {
    const Napi::Value key = keys.Get(i);
    const std::string name = key.ToString().Utf8Value();
    metadata.emplace_back(name, read_text(object.Get(key), "metadata." + name));
  }
  return metadata;
}

/// saveWeights(path, which, half, metadata, job)
Napi::Value save_weights_js(const SessionPtr& session, const Napi::CallbackInfo& info) {
  const std::string path = read_text(info[0], "path");
  const WeightsOf which = read_which(read_text(info[1], "which"));
  const bool half = read_boolean(info[2], "half");
  const Metadata card = read_metadata(info[3]);
  return promise_of(session, info.Env(), info[4], [=](Trainer& trainer, const CancelFlag&) {
    trainer.save_weights(path, which, half, card);
    return nothing;
  });
}

/// saveCheckpoint(path, state, job)
Napi::Value save_checkpoint(const SessionPtr& session, const Napi::CallbackInfo& info) {
  const std::string path = read_text(info[0], "path"), state = read_text(info[1], "state");
  return promise_of(session, info.Env(), info[2], [=](Trainer& trainer, const CancelFlag&) {
    trainer.save_checkpoint(path, state);
    return nothing;
  });
}

/// loadCheckpoint(path, job)
Napi::Value load_checkpoint(const SessionPtr& session, const Napi::CallbackInfo& info) {
  return promise_of(session, info.Env(), info[1], [path = read_text(info[0], "path")](Trainer& trainer, const CancelFlag&) {
    return [state = trainer.load_checkpoint(path)](Napi::Env env) { return text_to_js(env, state); };
  });
}

/// close()
Napi::Value close(const SessionPtr& session, const Napi::CallbackInfo& info) {
  const auto [call, promise] = Environment::of(info.Env()).begin({});
  session->close([call] { call.resolve(nothing); });
  return promise;
}

/// Functions that own the session, as those of a detector.
Napi::Value make_trainer(Napi::Env env, const SessionPtr& session) {
  const Napi::Object trainer = Napi::Object::New(env);
  const auto define = [&](const char* name, auto function) {
    const auto call = [session, function](const Napi::CallbackInfo& info) {
      return rejecting(info.Env(), [&] { return function(session, info); });
    };
    trainer.Set(name, Napi::Function::New(env, call, name));
  };
  const auto step = [session](const Napi::CallbackInfo& info) {
    return Napi::Number::New(info.Env(), static_cast<double>(session->steps_done()));
  };
  trainer.DefineProperty(Napi::PropertyDescriptor::Accessor(env, trainer, "step", step, napi_enumerable));
  trainer.Set("summary", session->summary());
  define("trainStep", train_step);
  define("saveWeights", save_weights_js);
  define("saveCheckpoint", save_checkpoint);
  define("loadCheckpoint", load_checkpoint);
  define("close", close);
  return trainer;
}

/// LibTorch's gradients in float16 are made for GPUs. The trainer itself can do it anywhere, which its tests need.
void refuse_slow_precision(const TrainOptions& options) {
  if (options.precision != "float16" || !resolve_device(options.device).is_cpu()) return;
  fail_expected(ErrorCode::kDevice, "'float32' or 'bfloat16' on the CPU", "compute.precision", "'float16', which takes a hundred times as long there");
}

}  // namespace

Napi::Value create_trainer(const Napi::CallbackInfo& info) {
  const TrainOptions options = TrainOptions::from_json_text(read_text(info[0], "options"));
  const std::string init = read_text(info[1], "init");
  const CancellableCall pending(Environment::of(info.Env()), read_number(info[2], "job"));
  const auto build = [options, init, cancel = pending.cancel, call = pending.begun.call] {
    try {
      throw_if_cancelled(cancel);
      refuse_slow_precision(options);
      const SessionPtr session = TrainingSession::open(std::make_unique<Trainer>(options, init));
      call.resolve([session](Napi::Env env) { return make_trainer(env, session); });
    } catch (...) {
      call.reject(current_error());
    }
  };
  hand_over(pending.begun.call, [&] { Engine::instance().post(build); });
  return pending.begun.promise;
}

}  // namespace mimdet
