// What the tests of native/weights share: bytes in memory, small tensors, a folder that goes away.
#pragma once

#include <cstring>
#include <filesystem>
#include <vector>
#include <string>
#include <unistd.h>

#include "weights/file_bytes.h"
#include "weights/named_tensor.h"

namespace mimdet::test {

/// The text as a file in memory of exactly its size, so that a sanitizer sees one byte too far.
inline FileBytes bytes_of(const std::string& text) {
  const auto bytes = std::make_shared<std::vector<char>>(text.begin(), text.end());
  return {reinterpret_cast<const std::byte*>(bytes->data()), bytes->size(), bytes};
}

/// A tensor whose bytes count up from the length of its name.
inline NamedTensor tensor_of(std::string name, DType dtype, std::vector<int64_t> shape) {
  const size_t bytes = *tensor_bytes(shape, dtype);
  std::shared_ptr<std::byte[]> data(new std::byte[bytes]);
  for (size_t i = 0; i < bytes; ++i) data[i] = static_cast<std::byte>((name.size() + i) % 100);
  return {std::move(name), dtype, std::move(shape), data.get(), bytes, data};
}

inline const NamedTensor* find_tensor(const std::vector<NamedTensor>& tensors, std::string_view name) {
  for (const NamedTensor& tensor : tensors)
    if (tensor.name == name) return &tensor;
  return nullptr;
}

inline bool same_bytes(const NamedTensor& a, const NamedTensor& b) {
  return a.bytes == b.bytes && (a.bytes == 0 || std::memcmp(a.data, b.data, a.bytes) == 0);
}

/// The smallest path that nobody else has; removed with everything in it.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "mimdet-XXXXXX").string();
    folder_ = mkdtemp(pattern.data());
  }
  ~TemporaryFolder() { std::filesystem::remove_all(folder_); }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  std::string path(const std::string& name) const { return (folder_ / name).string(); }

 private:
  std::filesystem::path folder_;
};

}  // namespace mimdet::test
