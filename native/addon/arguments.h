// JavaScript arguments as native values. lib/ has validated them for people; here they are checked so that nothing can crash.
// Every function throws Error(kInvalidArgument) in the one message shape.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "addon/napi_setup.h"
#include "structures/image_view.h"
#include "weights/file_bytes.h"

namespace mimdet {

std::string read_text(const Napi::Value& value, const std::string& name);
double read_number(const Napi::Value& value, const std::string& name);
bool read_boolean(const Napi::Value& value, const std::string& name);
/// A whole number within [least, most].
int64_t read_integer(const Napi::Value& value, const std::string& name, int64_t least, int64_t most);
Napi::Object read_object(const Napi::Value& value, const std::string& name);

/// A view of bytes that JavaScript owns. Memory that is shared between threads, and a detached buffer, are refused.
struct BytesArgument {
  const uint8_t* data;
  size_t size;
};
BytesArgument read_bytes(const Napi::Value& value, const std::string& name);

/// A copy: the caller may change, transfer or resize his own.
FileBytes copy_bytes(const Napi::Value& value, const std::string& name);

/// { data, width, height } of RGB pixels, which stay JavaScript's.
ImageView read_picture(const Napi::Value& value);

std::vector<float> read_float32_list(const Napi::Value& value, const std::string& name);
std::vector<int64_t> read_int32_list(const Napi::Value& value, const std::string& name);
std::vector<double> read_number_list(const Napi::Value& value, const std::string& name);
std::vector<std::string> read_text_list(const Napi::Value& value, const std::string& name);
/// Any 64 bits.
uint64_t read_uint64(const Napi::Value& value, const std::string& name);

}  // namespace mimdet
