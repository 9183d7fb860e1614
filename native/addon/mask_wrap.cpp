#include "addon/mask_wrap.h"

#include <algorithm>
#include <cmath>

#include "addon/arguments.h"
#include "base/error.h"
#include "structures/mask_polygons.h"
#include "structures/rle_mask.h"

namespace mimdet {
namespace {

SizeHw read_size(const Napi::Value& height, const Napi::Value& width) {
  const SizeHw size = {read_integer(height, "height", 1, kMaxMaskPixels), read_integer(width, "width", 1, kMaxMaskPixels)};
  check_mask_size(size);
  return size;
}

/// { size: [height, width], counts }
RleMask read_mask(const Napi::Value& value) {
  const Napi::Object mask = read_object(value, "mask");
  const Napi::Object size = read_object(mask.Get("size"), "mask.size");
  return rle_from_string(read_size(size.Get(uint32_t{0}), size.Get(uint32_t{1})), read_text(mask.Get("counts"), "mask.counts"));
}

Napi::Value numbers(Napi::Env env, const std::vector<double>& values) {
  const Napi::Array array = Napi::Array::New(env, values.size());
  for (uint32_t i = 0; i < values.size(); ++i) array.Set(i, values[i]);
  return array;
}

Napi::Value to_js(Napi::Env env, const RleMask& mask) {
  const Napi::Object object = Napi::Object::New(env);
  object.Set("size", numbers(env, {static_cast<double>(mask.height), static_cast<double>(mask.width)}));
  object.Set("counts", rle_to_string(mask));
  return object;
}

}  // namespace

Napi::Value rle_to_bitmap_js(const Napi::CallbackInfo& info) {
  const std::vector<uint8_t> bitmap = rle_to_bitmap(read_mask(info[0]));
  Napi::Uint8Array array = Napi::Uint8Array::New(info.Env(), bitmap.size());
  std::ranges::copy(bitmap, array.Data());
  return array;
}

Napi::Value rle_from_bitmap_js(const Napi::CallbackInfo& info) {
  const SizeHw size = read_size(info[1], info[2]);
  const BytesArgument bitmap = read_bytes(info[0], "bitmap");
  if (bitmap.size != static_cast<size_t>(size.height * size.width))
    fail_expected(ErrorCode::kInvalidArgument, "height × width bytes", "bitmap", std::to_string(bitmap.size));
  return to_js(info.Env(), rle_from_bitmap(bitmap.data, size));
}

Napi::Value rle_from_polygons_js(const Napi::CallbackInfo& info) {
  const Napi::Object list = read_object(info[0], "rings");
  std::vector<std::vector<double>> rings;
  const int64_t count = read_integer(list.Get("length"), "rings.length", 0, kMaxMaskPixels);
  for (uint32_t i = 0; i < count; ++i) rings.push_back(read_number_list(list.Get(i), "rings[" + std::to_string(i) + "]"));
  return to_js(info.Env(), rle_from_polygons(read_size(info[1], info[2]), rings));
}

Napi::Value rle_from_runs_js(const Napi::CallbackInfo& info) {
  std::vector<int64_t> runs;
  for (const double run : read_number_list(info[0], "runs")) {
    if (!(run >= 0 && run <= static_cast<double>(kMaxMaskPixels)) || run != std::trunc(run))
      fail_expected(ErrorCode::kInvalidArgument, "run lengths", "runs", std::to_string(run));
    runs.push_back(static_cast<int64_t>(run));
  }
  return to_js(info.Env(), rle_from_runs(read_size(info[1], info[2]), runs));
}

Napi::Value rle_area_js(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), static_cast<double>(rle_area(read_mask(info[0]))));
}

Napi::Value rle_to_polygons_js(const Napi::CallbackInfo& info) {
  const std::vector<std::vector<double>> rings = mask_to_polygons(read_mask(info[0]));
  const Napi::Array array = Napi::Array::New(info.Env(), rings.size());
  for (uint32_t i = 0; i < rings.size(); ++i) array.Set(i, numbers(info.Env(), rings[i]));
  return array;
}

}  // namespace mimdet
