#include "addon/environment.h"

#include <mutex>

#include "addon/errors.h"
#include "base/task_pool.h"
#include "inference/engine.h"

namespace mimdet {
namespace {

using Task = std::function<void()>;
using Holder = std::shared_ptr<Environment>;

std::mutex first_and_last;  // one that opens waits until the end of the last one before it has stopped all work, or that would stop its own
int open_environments = 0;

/// Waits for one station of a forward pass, or for a file that is being read. `for_good`: the process is going, nothing may start any more.
/// The pool comes first: its tasks hand work to the engine.
void stop_all_work(bool for_good) {
  TaskPool::instance().stop(for_good);
  Engine::instance().stop(for_good);
}

}  // namespace

void Call::resolve(MakeValue make) const {
  environment_->answer(id_, std::move(make), nullptr);
}

void Call::reject(std::exception_ptr error) const {
  environment_->answer(id_, {}, std::move(error));
}

void Environment::open(Napi::Env env) {
  auto holder = std::make_unique<Holder>(new Environment(env));
  Environment& environment = **holder;
  env.SetInstanceData(holder.release());
  environment.create_way_back();
  {
    const std::lock_guard lock(first_and_last);
    ++open_environments;
  }
  // Hooks run last first: this one comes before the cleanup of the way back, so that nobody uses it afterwards.
  napi_add_env_cleanup_hook(env, on_cleanup, &environment);
  environment.stop_engine_at_exit();
}

Environment& Environment::of(Napi::Env env) { return **env.GetInstanceData<Holder>(); }

/// One unbounded queue to the JavaScript thread: a bounded one would block the compute thread while 'exit' waits for it.
void Environment::create_way_back() {
  const Napi::String name = Napi::String::New(env_, "mimdet");
  const napi_status status = napi_create_threadsafe_function(env_, nullptr, nullptr, name, /*max_queue_size=*/0, /*threads=*/1,
                                                             nullptr, nullptr, nullptr, on_posted, &way_back_);
  if (status != napi_ok) throw Napi::Error::New(env_);
  napi_unref_threadsafe_function(env_, way_back_);
}

/// Cleanup hooks do not run when the main thread calls process.exit(). Ours comes first of the listeners, since one of them may
/// call process.exit() again, which ends the process at once.
void Environment::stop_engine_at_exit() {
  const Napi::Object process = env_.Global().Get("process").As<Napi::Object>();
  const auto call = [&](const char* method, std::initializer_list<napi_value> arguments) {
    return process.Get(method).As<Napi::Function>().Call(process, arguments);
  };
  const Napi::Value threads = call("getBuiltinModule", {Napi::String::New(env_, "worker_threads")});
  if (!threads.As<Napi::Object>().Get("isMainThread").ToBoolean()) return;
  const auto stop = Napi::Function::New(env_, [](const Napi::CallbackInfo&) { stop_all_work(true); });
  call("prependOnceListener", {Napi::String::New(env_, "exit"), stop});
}

Environment::Begun Environment::begin(const CallOptions& options) {
  const uint64_t id = ++last_id_;
  const auto deferred = Napi::Promise::Deferred::New(env_);
  if (pending_.empty()) napi_ref_threadsafe_function(env_, way_back_);
  Napi::Reference<Napi::Value> kept;
  if (!options.kept.IsEmpty()) kept = Napi::Reference<Napi::Value>::New(options.kept, 1);
  pending_.emplace(id, Pending{options.job, deferred, std::move(kept), options.cancel, options.abandon});
  if (options.job != 0) jobs_[options.job] = id;
  return {Call(shared_from_this(), id), deferred.Promise()};
}

void Environment::cancel(double job) {
  const auto found = jobs_.find(job);
  if (found == jobs_.end()) return;
  const auto cancel = pending_.at(found->second).cancel;
  if (cancel) cancel();
}

void Environment::answer(uint64_t id, MakeValue make, std::exception_ptr error) {
  post([this, id, make = std::move(make), error = std::move(error)] { settle(id, make, error); });
}

void Environment::settle(uint64_t id, const MakeValue& make, const std::exception_ptr& error) {
  auto node = pending_.extract(id);
  if (node.empty()) return;
  const Pending& pending = node.mapped();
  jobs_.erase(pending.job);
  if (pending_.empty()) napi_unref_threadsafe_function(env_, way_back_);
  if (error) return pending.deferred.Reject(to_js_error(env_, error));
  try {
    pending.deferred.Resolve(make(env_));
  } catch (const Napi::Error& failure) {
    pending.deferred.Reject(failure.Value());
  } catch (...) {
    pending.deferred.Reject(to_js_error(env_, std::current_exception()));
  }
}

void Environment::post(std::function<void()> task) {
  auto owned = std::make_unique<Task>(std::move(task));
  const std::lock_guard lock(mutex_);
  if (closed_) return;
  if (napi_call_threadsafe_function(way_back_, owned.get(), napi_tsfn_nonblocking) == napi_ok) (void)owned.release();
}

/// Without `env`: the environment is going, and what was under way is only freed.
void Environment::on_posted(napi_env env, napi_value, void*, void* data) {
  const std::unique_ptr<Task> task(static_cast<Task*>(data));
  if (!env) return;
  try {
    (*task)();
  } catch (...) {
    // A worker that is being terminated refuses every call into JavaScript; nobody is left to hear of it.
  }
}

void Environment::on_cleanup(void* data) { static_cast<Environment*>(data)->close(); }

void Environment::close() {
  {
    const std::lock_guard lock(mutex_);
    closed_ = true;
  }
  for (auto& [id, pending] : pending_)
    if (pending.abandon) pending.abandon();
  pending_.clear();
  jobs_.clear();
  const std::lock_guard lock(first_and_last);
  if (--open_environments == 0) stop_all_work(false);
}

}  // namespace mimdet
