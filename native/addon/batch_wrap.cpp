#include "addon/batch_wrap.h"

#include <algorithm>
#include <utility>

#include "addon/arguments.h"
#include "addon/background.h"
#include "addon/environment.h"
#include "addon/errors.h"
#include "base/error.h"
#include "data/plan.h"
#include "data/training_objects.h"
#include "structures/rle_mask.h"

namespace mimdet {
namespace {

constexpr napi_type_tag kBatchTag = {0x6d696d6465746261, 0x7463685f6f626a31};  // any two numbers that nobody else has
constexpr int64_t kMostSamples = 4096;
constexpr int64_t kMostPositions = int64_t{1} << 53;

/// What the object and its functions share; empty once disposed of.
struct Holder {
  TrainingBatchPtr batch;
  int64_t bytes = 0;  // told to the garbage collector
};
using HolderPtr = std::shared_ptr<Holder>;

int64_t bytes_of(const TrainingBatch& batch) {
  int64_t bytes = 0;
  for (const TrainingPicture& picture : batch) bytes += static_cast<int64_t>(picture.image.rgb.size());
  return bytes;
}

void tell_collector(napi_env env, int64_t bytes) {
  int64_t all = 0;
  napi_adjust_external_memory(env, bytes, &all);  // a hint only: a failure is nobody's concern
}

void release(napi_env env, Holder& holder) {
  if (!holder.batch) return;
  holder.batch.reset();
  tell_collector(env, -holder.bytes);
}

const TrainingBatch& pictures_of(const HolderPtr& holder) {
  if (!holder->batch) fail_expected(ErrorCode::kDisposed, "pictures", "batch", "a batch that was disposed of");
  return *holder->batch;
}

/// { image, objects } of one picture, copied.
Napi::Value picture_to_js(Napi::Env env, const TrainingPicture& picture) {
  const auto& [rgb, size] = picture.image;
  Napi::Uint8Array data = Napi::Uint8Array::New(env, rgb.size());
  std::ranges::copy(rgb, data.Data());
  const Napi::Object image = Napi::Object::New(env), object = Napi::Object::New(env);
  image.Set("data", data);
  image.Set("width", static_cast<double>(size.width));
  image.Set("height", static_cast<double>(size.height));
  object.Set("image", image);
  object.Set("objects", training_objects_json(picture.objects));
  return object;
}

void free_holder(napi_env env, void* data, void*) {
  const std::unique_ptr<HolderPtr> holder(static_cast<HolderPtr*>(data));
  release(env, **holder);
}

/// As with the detector: functions that own what they work on, no constructor to call. The tag lets read_batch know the object
/// again.
Napi::Value make_batch(Napi::Env env, TrainingBatchPtr pictures) {
  const int64_t bytes = bytes_of(*pictures);
  const auto holder = std::make_shared<Holder>(Holder{std::move(pictures), bytes});
  tell_collector(env, bytes);
  const auto method = [&](const char* name, auto function) {
    const auto call = [holder, function](const Napi::CallbackInfo& info) {
      return throwing(info.Env(), [&]() -> Napi::Value { return function(holder, info); });
    };
    return Napi::Function::New(env, call, name);
  };
  const Napi::Object batch = Napi::Object::New(env);
  batch.Set("length", static_cast<double>(holder->batch->size()));
  batch.Set("picture", method("picture", [](const HolderPtr& own, const Napi::CallbackInfo& info) {
    const TrainingBatch& all = pictures_of(own);
    return picture_to_js(info.Env(), all[read_integer(info[0], "index", 0, static_cast<int64_t>(all.size()) - 1)]);
  }));
  batch.Set("dispose", method("dispose", [](const HolderPtr& own, const Napi::CallbackInfo& info) {
    release(info.Env(), *own);
    return info.Env().Undefined();
  }));
  auto owned = std::make_unique<HolderPtr>(holder);
  bool held = napi_wrap(env, batch, owned.get(), free_holder, nullptr, nullptr) == napi_ok;
  if (held) (void)owned.release();
  held = held && napi_type_tag_object(env, batch, &kBatchTag) == napi_ok;
  if (!held) fail(ErrorCode::kInternal, "Expected an object that can hold a batch but received a failure of Node-API");
  return batch;
}

/// One picture of a sample; its pixels are added to `kept`, which keeps them alive while the work goes on.
AnnotatedPicture read_annotated(const Napi::Object& from, const std::string& name, const Napi::Array& kept) {
  AnnotatedPicture picture;
  picture.name = name + ".objects";
  picture.objects = read_text(from.Get("objects"), picture.name);
  const Napi::Value image = from.Get("image");
  picture.image = std::make_shared<BorrowedPicture>(read_picture(image));
  kept.Set(kept.Length(), image.As<Napi::Object>().Get("data"));
  return picture;
}

std::vector<TrainingSample> read_samples(const Napi::Value& value, const Napi::Array& kept) {
  const Napi::Object list = read_object(value, "samples");
  const int64_t count = read_integer(list.Get("length"), "samples.length", 0, kMostSamples);
  std::vector<TrainingSample> samples;
  for (uint32_t i = 0; i < count; ++i) {
    const std::string name = "samples[" + std::to_string(i) + "]";
    const Napi::Object sample = read_object(list.Get(i), name);
    const Napi::Value donor = sample.Get("donor");
    samples.push_back({read_annotated(sample, name, kept), std::nullopt});
    if (!donor.IsUndefined() && !donor.IsNull())
      samples.back().donor = read_annotated(read_object(donor, name + ".donor"), name + ".donor", kept);
  }
  return samples;
}

/// Raises the flag and takes the pixels back, for a thread of JavaScript that ends.
std::function<void()> giving_back(const BatchRequest& request) {
  std::vector<std::shared_ptr<BorrowedPicture>> images;
  for (const TrainingSample& sample : request.samples) {
    images.push_back(sample.picture.image);
    if (sample.donor) images.push_back(sample.donor->image);
  }
  return [cancel = request.cancel, images = std::move(images)] {
    cancel->store(true);
    for (const auto& image : images) image->take_back();
  };
}

Napi::Value numbers_to_js(Napi::Env env, const std::vector<uint32_t>& numbers) {
  Napi::Uint32Array array = Napi::Uint32Array::New(env, numbers.size());
  std::ranges::copy(numbers, array.Data());
  return array;
}

}  // namespace

TrainingBatchPtr read_batch(const Napi::Value& value, const std::string& name) {
  bool tagged = false;
  void* data = nullptr;
  if (!value.IsObject() || napi_check_object_type_tag(value.Env(), value, &kBatchTag, &tagged) != napi_ok || !tagged ||
      napi_unwrap(value.Env(), value, &data) != napi_ok)
    fail_expected(ErrorCode::kInvalidArgument, "a batch of prepareBatch()", name, "something else");
  const HolderPtr& holder = *static_cast<HolderPtr*>(data);
  pictures_of(holder);
  return holder->batch;
}

Napi::Value prepare_batch(const Napi::CallbackInfo& info) {
  const Napi::Array kept = Napi::Array::New(info.Env());
  BatchRequest request;
  request.options = parse_augment_options(read_text(info[1], "augment"));
  request.seed = read_uint64(info[2], "seed");
  request.first = read_integer(info[3], "first", 0, kMostPositions);
  const double job = read_number(info[4], "job");
  request.samples = read_samples(info[0], kept);
  request.cancel = make_cancel_flag();
  const auto [call, promise] = Environment::of(info.Env()).begin({
      .job = job,
      .kept = kept,
      .cancel = [cancel = request.cancel] { cancel->store(true); },
      .abandon = giving_back(request),
  });
  const auto done = [call](TrainingBatchPtr batch) { call.resolve([batch](Napi::Env env) { return make_batch(env, batch); }); };
  const auto failed = [call](const std::exception_ptr& error) { call.reject(error); };
  prepare_batch(std::move(request), {done, failed});
  return promise;
}

Napi::Value training_plan_js(const Napi::CallbackInfo& info) {
  const TrainingPlan plan =
      training_plan(read_uint64(info[0], "seed"), read_integer(info[1], "pictures", 1, kMostPositions),
                    read_integer(info[2], "first", 0, kMostPositions), read_integer(info[3], "length", 0, kMostPositions));
  const Napi::Object object = Napi::Object::New(info.Env());
  object.Set("pictures", numbers_to_js(info.Env(), plan.pictures));
  object.Set("donors", numbers_to_js(info.Env(), plan.donors));
  return object;
}

}  // namespace mimdet
