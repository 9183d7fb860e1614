// What a weights file holds: tensors by name. Made by safetensors and checkpoint, read by load_weights and convert.
// No LibTorch here, so that everything that reads a stranger's file can be tested and fuzzed alone.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace mimdet {

enum class DType : uint8_t { kFloat32, kFloat16, kBFloat16, kFloat64, kInt64, kInt32, kInt16, kInt8, kUInt8, kBool };

size_t dtype_size(DType dtype);       // bytes of one number
const char* dtype_name(DType dtype);  // "float32", as users see it
bool is_floating(DType dtype);

/// "[16, 32]", for messages.
std::string show_shape(const std::vector<int64_t>& shape);
/// A name out of a stranger's file, fit for a message: at most 120 bytes, printable ASCII.
std::string show_name(std::string_view name);
/// Number of bytes of a contiguous tensor; nothing where a side is negative or the product passes int64.
std::optional<size_t> tensor_bytes(const std::vector<int64_t>& shape, DType dtype);

struct TensorSpec {
  std::string name;
  DType dtype = DType::kFloat32;
  std::vector<int64_t> shape;
};

/// A contiguous tensor (row-major, this machine's byte order, aligned to its numbers). `owner` keeps `data` alive.
struct NamedTensor {
  std::string name;
  DType dtype = DType::kFloat32;
  std::vector<int64_t> shape;
  const std::byte* data = nullptr;
  size_t bytes = 0;
  std::shared_ptr<const void> owner;
};

/// Free text by key, in the order of the file.
using Metadata = std::vector<std::pair<std::string, std::string>>;
const std::string* find_metadata(const Metadata& metadata, std::string_view key);

}  // namespace mimdet
