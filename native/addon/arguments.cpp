#include "addon/arguments.h"

#include <cmath>
#include <cstring>

#include "base/error.h"
#include "structures/rle_mask.h"

namespace mimdet {
namespace {

/// "a string", "undefined", … for messages.
std::string kind(const Napi::Value& value) {
  if (value.IsUndefined()) return "undefined";
  if (value.IsNull()) return "null";
  if (value.IsNumber()) return "the number " + value.ToString().Utf8Value();
  if (value.IsString()) return "a string";
  if (value.IsBoolean()) return "a boolean";
  return value.IsFunction() ? "a function" : value.IsArray() ? "an array" : "a value of another type";
}

[[noreturn]] void refuse(const std::string& what, const std::string& name, const std::string& received) {
  fail_expected(ErrorCode::kInvalidArgument, what, name, received);
}

template <class Read>
auto read_list(const Napi::Value& value, const std::string& name, const char* what, Read read) {
  if (!value.IsArray()) refuse(what, name, kind(value));
  const auto array = value.As<Napi::Array>();
  std::vector<decltype(read(value, name))> items;
  for (uint32_t i = 0; i < array.Length(); ++i) items.push_back(read(array.Get(i), name + "[]"));
  return items;
}

/// A copy of a typed array's numbers.
template <class Number>
std::vector<Number> read_typed(const Napi::Value& value, const std::string& name, napi_typedarray_type wanted, const char* what) {
  napi_typedarray_type type{};
  size_t length = 0;
  void* data = nullptr;
  if (!value.IsTypedArray() || napi_get_typedarray_info(value.Env(), value, &type, &length, &data, nullptr, nullptr) != napi_ok ||
      type != wanted)
    refuse(what, name, kind(value));
  const auto* numbers = static_cast<const Number*>(data);
  return {numbers, numbers + length};
}

}  // namespace

std::string read_text(const Napi::Value& value, const std::string& name) {
  if (!value.IsString()) refuse("a string", name, kind(value));
  return value.As<Napi::String>().Utf8Value();
}

double read_number(const Napi::Value& value, const std::string& name) {
  if (!value.IsNumber()) refuse("a number", name, kind(value));
  return value.As<Napi::Number>().DoubleValue();
}

bool read_boolean(const Napi::Value& value, const std::string& name) {
  if (!value.IsBoolean()) refuse("a boolean", name, kind(value));
  return value.As<Napi::Boolean>().Value();
}

int64_t read_integer(const Napi::Value& value, const std::string& name, int64_t least, int64_t most) {
  const double number = value.IsNumber() ? value.As<Napi::Number>().DoubleValue() : std::nan("");
  if (std::trunc(number) != number || number < static_cast<double>(least) || number > static_cast<double>(most))
    refuse("a whole number from " + std::to_string(least) + " to " + std::to_string(most), name, kind(value));
  return static_cast<int64_t>(number);
}

Napi::Object read_object(const Napi::Value& value, const std::string& name) {
  if (!value.IsObject()) refuse("an object", name, kind(value));
  return value.As<Napi::Object>();
}

BytesArgument read_bytes(const Napi::Value& value, const std::string& name) {
  napi_typedarray_type type{};
  size_t length = 0;
  void* data = nullptr;
  napi_value buffer = nullptr;
  if (!value.IsTypedArray() || napi_get_typedarray_info(value.Env(), value, &type, &length, &data, &buffer, nullptr) != napi_ok ||
      (type != napi_uint8_array && type != napi_uint8_clamped_array))
    refuse("a Uint8Array", name, kind(value));
  if (!Napi::Value(value.Env(), buffer).IsArrayBuffer()) refuse("bytes of its own", name, "bytes in shared memory");
  if (Napi::ArrayBuffer(value.Env(), buffer).IsDetached()) refuse("bytes", name, "a detached buffer");
  return {static_cast<const uint8_t*>(data), length};
}

FileBytes copy_bytes(const Napi::Value& value, const std::string& name) {
  const BytesArgument bytes = read_bytes(value, name);
  std::shared_ptr<std::byte[]> copy = std::make_shared_for_overwrite<std::byte[]>(bytes.size);
  if (bytes.size > 0) std::memcpy(copy.get(), bytes.data, bytes.size);
  const std::byte* data = copy.get();
  return {data, bytes.size, std::move(copy)};
}

ImageView read_picture(const Napi::Value& value) {
  const Napi::Object picture = read_object(value, "image");
  const SizeHw size = {read_integer(picture.Get("height"), "image.height", 1, kMaxMaskPixels),
                       read_integer(picture.Get("width"), "image.width", 1, kMaxMaskPixels)};
  check_mask_size(size);
  const BytesArgument pixels = read_bytes(picture.Get("data"), "image.data");  // last: a getter above could take the memory away
  const int64_t bytes = size.height * size.width * 3;
  if (pixels.size != static_cast<size_t>(bytes))
    refuse(std::to_string(bytes) + " bytes", "image.data", std::to_string(pixels.size));
  return {pixels.data, size};
}

std::vector<float> read_float32_list(const Napi::Value& value, const std::string& name) {
  return read_typed<float>(value, name, napi_float32_array, "a Float32Array");
}

std::vector<int64_t> read_int32_list(const Napi::Value& value, const std::string& name) {
  const std::vector<int32_t> numbers = read_typed<int32_t>(value, name, napi_int32_array, "an Int32Array");
  return {numbers.begin(), numbers.end()};
}

std::vector<double> read_number_list(const Napi::Value& value, const std::string& name) {
  return read_list(value, name, "an array of numbers", read_number);
}

std::vector<std::string> read_text_list(const Napi::Value& value, const std::string& name) {
  return read_list(value, name, "an array of strings", read_text);
}

uint64_t read_uint64(const Napi::Value& value, const std::string& name) {
  if (!value.IsBigInt()) refuse("a bigint", name, kind(value));
  bool lossless = false;
  const uint64_t number = value.As<Napi::BigInt>().Uint64Value(&lossless);
  if (!lossless) refuse("a bigint of 64 bits", name, "a larger or negative one");
  return number;
}

}  // namespace mimdet
