// What JavaScript sees: the mirror of NativeAddon in lib/native-types.ts. Runs once in each thread that loads the addon.
#include <ATen/Version.h>

#include <cstdint>

#include "addon/arguments.h"
#include "addon/batch_wrap.h"
#include "addon/detector_wrap.h"
#include "addon/environment.h"
#include "addon/errors.h"
#include "addon/evaluate_wrap.h"
#include "addon/mask_wrap.h"
#include "addon/napi_setup.h"
#include "addon/tiles_wrap.h"
#include "addon/trainer_wrap.h"
#include "addon/weights_wrap.h"
#include "inference/device.h"
#include "inference/engine.h"
#include "inference/tensor_memory.h"

// LibTorch's version as the library says at run time: major, minor and patch in the three highest bytes. Its header drags half of
// LibTorch in.
extern "C" uint64_t aoti_torch_abi_version();

namespace mimdet {
namespace {

std::string libtorch_version() {
  const uint64_t bytes = aoti_torch_abi_version();
  const auto part = [bytes](int shift) { return std::to_string((bytes >> shift) & 0xff); };
  return part(56) + "." + part(48) + "." + part(40);
}

Napi::Value cancel(const Napi::CallbackInfo& info) {
  if (info[0].IsNumber()) Environment::of(info.Env()).cancel(info[0].As<Napi::Number>().DoubleValue());
  return info.Env().Undefined();
}

Napi::Value devices(const Napi::CallbackInfo& info) {
  const std::vector<std::string> names = device_names();
  const Napi::Array array = Napi::Array::New(info.Env(), names.size());
  for (uint32_t i = 0; i < names.size(); ++i) array.Set(i, names[i]);
  return array;
}

/// giveWayBy(steps)
Napi::Value give_way_by(const Napi::CallbackInfo& info) {
  Engine::instance().give_way_by(static_cast<int>(read_integer(info[0], "steps", 0, 19)));
  return info.Env().Undefined();
}

Napi::Value cuda_kernels_problem_js(const Napi::CallbackInfo& info) { return Napi::String::New(info.Env(), cuda_kernels_problem()); }

Napi::Value cpu_capability(const Napi::CallbackInfo& info) { return Napi::String::New(info.Env(), at::get_cpu_capability()); }

using Function = Napi::Value (*)(const Napi::CallbackInfo&);

template <Function function>
void define(Napi::Object& exports, const char* name) {
  const auto call = [](const Napi::CallbackInfo& info) { return throwing(info.Env(), [&] { return function(info); }); };
  exports.Set(name, Napi::Function::New(exports.Env(), call, name));
}

/// A function that returns a promise.
template <Function function>
void define_async(Napi::Object& exports, const char* name) {
  const auto call = [](const Napi::CallbackInfo& info) { return rejecting(info.Env(), [&] { return function(info); }); };
  exports.Set(name, Napi::Function::New(exports.Env(), call, name));
}

Napi::Object init(Napi::Env env, Napi::Object exports) {
  use_arena_for_tensors();
  Environment::open(env);
  exports.Set("builtFor", MIMDET_BUILT_FOR);
  exports.Set("runsWith", libtorch_version());
  define<devices>(exports, "devices");
  define<cuda_kernels_problem_js>(exports, "cudaKernelsProblem");
  define<give_way_by>(exports, "giveWayBy");
  define<cpu_capability>(exports, "cpuCapability");
  define<cancel>(exports, "cancel");
  define_async<load_detector>(exports, "loadDetector");
  define_async<evaluate_coco>(exports, "evaluate");
  define_async<convert_weights>(exports, "convert");
  define_async<merge_tiles_js>(exports, "mergeTiles");
  define<inspect_weights_js>(exports, "inspectWeights");
  define<preset_config>(exports, "presetConfig");
  define_async<prepare_batch>(exports, "prepareBatch");
  define<training_plan_js>(exports, "trainingPlan");
  define_async<create_trainer>(exports, "createTrainer");
  define<rle_to_bitmap_js>(exports, "rleToBitmap");
  define<rle_from_bitmap_js>(exports, "rleFromBitmap");
  define<rle_from_polygons_js>(exports, "rleFromPolygons");
  define<rle_from_runs_js>(exports, "rleFromRuns");
  define<rle_area_js>(exports, "rleArea");
  define<rle_to_polygons_js>(exports, "rleToPolygons");
  return exports;
}

NODE_API_MODULE(mimdet, init)

}  // namespace
}  // namespace mimdet
