// Writes a safetensors file: header padded so that the numbers start on a multiple of 64 bytes, temporary file, rename.
#include <atomic>
#include <bit>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <unistd.h>

#include "base/error.h"
#include "base/json.h"
#include "weights/safetensors.h"

namespace mimdet {
namespace {

static_assert(std::endian::native == std::endian::little, "safetensors is little-endian, and numbers are written as they lie");

[[noreturn]] void cannot_write(const std::string& path, const std::string& why) {
  fail_expected(ErrorCode::kWeights, "a file that can be written", path, why);
}

const char* safetensors_dtype(DType dtype) {
  switch (dtype) {
    case DType::kFloat32: return "F32";
    case DType::kFloat16: return "F16";
    case DType::kBFloat16: return "BF16";
    case DType::kFloat64: return "F64";
    case DType::kInt64: return "I64";
    case DType::kInt32: return "I32";
    case DType::kInt16: return "I16";
    case DType::kInt8: return "I8";
    case DType::kUInt8: return "U8";
    case DType::kBool: return "BOOL";
  }
  return "F32";
}

Json entry_of(const TensorSpec& tensor, size_t begin, size_t end) {
  Json::Array shape;
  for (int64_t side : tensor.shape) shape.push_back(side);
  return Json::Object{{"dtype", safetensors_dtype(tensor.dtype)},
                      {"shape", std::move(shape)},
                      {"data_offsets", Json::Array{static_cast<int64_t>(begin), static_cast<int64_t>(end)}}};
}

/// The header's text, padded; `total` becomes the number of bytes of all tensors.
std::string header_of(const std::vector<TensorSpec>& tensors, const Metadata& metadata, size_t& total) {
  Json::Object members, texts;
  for (const auto& [key, value] : metadata) texts.emplace_back(key, value);
  if (!texts.empty()) members.emplace_back("__metadata__", std::move(texts));
  total = 0;
  for (const TensorSpec& tensor : tensors) {
    const auto bytes = tensor_bytes(tensor.shape, tensor.dtype);
    if (!bytes) fail(ErrorCode::kInternal, "a tensor to be written has no size: " + tensor.name);
    members.emplace_back(tensor.name, entry_of(tensor, total, total + *bytes));
    total += *bytes;
  }
  std::string text = Json(std::move(members)).dump();
  while ((8 + text.size()) % 64 != 0) text += ' ';
  return text;
}

/// So that the new name outlives a loss of power. Where the folder cannot be opened or flushed, the file itself is whole all the same.
void flush_folder_of(const std::string& path) {
  const size_t slash = path.rfind('/');
  const std::string folder = slash == std::string::npos ? "." : path.substr(0, slash + 1);
  const int descriptor = open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) return;
  fsync(descriptor);
  close(descriptor);
}

/// A new file beside `path`, whose name becomes `temporary`. One of that name may be there: a killed process of the same number has left it.
int create_beside(const std::string& path, std::string& temporary) {
  static std::atomic<unsigned> count{0};
  constexpr int kMostLeftovers = 10000;
  for (int i = 0; i < kMostLeftovers; ++i) {
    temporary = path + "." + std::to_string(getpid()) + "-" + std::to_string(count++) + ".partial";
    const int descriptor = open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (descriptor >= 0 || errno != EEXIST) return descriptor;
  }
  return -1;
}

}  // namespace

SafetensorsWriter::SafetensorsWriter(std::string path, const std::vector<TensorSpec>& tensors, const Metadata& metadata)
    : path_(std::move(path)) {
  const std::string header = header_of(tensors, metadata, announced_);
  descriptor_ = create_beside(path_, temporary_);
  if (descriptor_ < 0) cannot_write(path_, std::strerror(errno));
  try {
    const uint64_t length = header.size();
    write(&length, sizeof length);
    write(header.data(), header.size());
  } catch (...) {  // no destructor runs for a constructor that throws
    close(descriptor_);
    unlink(temporary_.c_str());
    throw;
  }
}

SafetensorsWriter::~SafetensorsWriter() {
  if (descriptor_ < 0) return;
  close(descriptor_);
  unlink(temporary_.c_str());
}

void SafetensorsWriter::append(const std::byte* data, size_t bytes) {
  write(data, bytes);
  appended_ += bytes;
}

void SafetensorsWriter::write(const void* data, size_t bytes) {
  const char* at = static_cast<const char*>(data);
  while (bytes > 0) {
    const ssize_t written = ::write(descriptor_, at, bytes);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) cannot_write(path_, written < 0 ? std::strerror(errno) : "a disk that takes no more");
    at += written;
    bytes -= static_cast<size_t>(written);
  }
}

void SafetensorsWriter::commit() {
  if (appended_ != announced_)
    fail(ErrorCode::kInternal,
         "announced " + std::to_string(announced_) + " bytes of tensors, wrote " + std::to_string(appended_));
  if (fsync(descriptor_) != 0 && errno != EINVAL) cannot_write(path_, std::strerror(errno));  // EINVAL: a file system without it
  if (std::rename(temporary_.c_str(), path_.c_str()) != 0) cannot_write(path_, std::strerror(errno));
  close(descriptor_);
  descriptor_ = -1;
  flush_folder_of(path_);
}

void write_safetensors(const std::string& path, const std::vector<NamedTensor>& tensors, const Metadata& metadata) {
  std::vector<TensorSpec> specs;
  for (const NamedTensor& tensor : tensors) specs.push_back({tensor.name, tensor.dtype, tensor.shape});
  SafetensorsWriter writer(path, specs, metadata);
  for (const NamedTensor& tensor : tensors) writer.append(tensor.data, tensor.bytes);
  writer.commit();
}

}  // namespace mimdet
