// Memory-mapped files (POSIX) and bounded reading.
#include "weights/file_bytes.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <iterator>
#include <map>
#include <mutex>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"

namespace mimdet {
namespace {

[[noreturn]] void not_a_file(const std::string& path, const std::string& received) {
  fail_expected(ErrorCode::kWeights, "a weights file", path, received);
}

class OpenFile {
 public:
  explicit OpenFile(const std::string& path)
      : descriptor_(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)) {  // a pipe must not block
    if (descriptor_ < 0) not_a_file(path, errno == ENOENT ? "no such file" : std::strerror(errno));
  }
  ~OpenFile() { close(descriptor_); }
  OpenFile(const OpenFile&) = delete;
  OpenFile& operator=(const OpenFile&) = delete;
  int descriptor() const { return descriptor_; }

 private:
  int descriptor_;
};

/// The files that are mapped now. The system would take pages of any other memory for good.
class Mappings {
 public:
  void add(const std::byte* data, size_t size) {
    const std::lock_guard lock(mutex_);
    sizes_[data] = size;
  }
  void remove(const std::byte* data) {
    const std::lock_guard lock(mutex_);
    sizes_.erase(data);
  }
  bool contain(const std::byte* data, size_t size) {
    const std::lock_guard lock(mutex_);
    const auto after = sizes_.upper_bound(data);
    if (after == sizes_.begin()) return false;
    const auto& [start, length] = *std::prev(after);
    return data + size <= start + length;
  }

 private:
  std::mutex mutex_;
  std::map<const std::byte*, size_t> sizes_;
};

Mappings& mappings() {
  static Mappings* const all = new Mappings();  // outlives every owner of a mapping
  return *all;
}

}  // namespace

FileBytes map_file(const std::string& path) {
  if (path.find('\0') != std::string::npos) not_a_file(path.substr(0, path.find('\0')), "a path with a zero byte");
  const OpenFile file(path);
  struct stat status = {};
  if (fstat(file.descriptor(), &status) != 0) not_a_file(path, std::strerror(errno));
  if (S_ISDIR(status.st_mode)) not_a_file(path, "a directory");
  if (!S_ISREG(status.st_mode)) not_a_file(path, "something that is no regular file");
  const size_t size = static_cast<size_t>(status.st_size);
  if (size == 0) not_a_file(path, "an empty file");
  void* data = mmap(nullptr, size, PROT_READ, MAP_PRIVATE, file.descriptor(), 0);
  if (data == MAP_FAILED) not_a_file(path, std::string("a file that cannot be mapped: ") + std::strerror(errno));
  mappings().add(static_cast<const std::byte*>(data), size);
  std::shared_ptr<const void> owner(data, [size](void* mapping) {
    mappings().remove(static_cast<const std::byte*>(mapping));
    munmap(mapping, size);
  });
  return {static_cast<const std::byte*>(data), size, std::move(owner)};
}

void drop_pages(const std::byte* data, size_t size) {
  const auto page = static_cast<uintptr_t>(sysconf(_SC_PAGESIZE));
  const uintptr_t first = (reinterpret_cast<uintptr_t>(data) + page - 1) / page * page;
  const uintptr_t end = reinterpret_cast<uintptr_t>(data + size) / page * page;
  if (first < end && mappings().contain(data, size)) madvise(reinterpret_cast<void*>(first), end - first, MADV_DONTNEED);
}

namespace {

[[noreturn]] void cut_short(size_t wanted, size_t left) {
  fail_expected(ErrorCode::kWeights, "a whole file", "weights",
                "one that is cut short or damaged: " + std::to_string(wanted) + " bytes are announced where " +
                    std::to_string(left) + " are left");
}

}  // namespace

void ByteReader::seek(size_t position) {
  if (position > bytes_.size) cut_short(position, bytes_.size);
  position_ = position;
}

FileBytes ByteReader::take(size_t count) {
  if (count > left()) cut_short(count, left());
  position_ += count;
  return bytes_.part(position_ - count, count);
}

FileBytes ByteReader::take_line() {
  const void* end = left() ? std::memchr(bytes_.data + position_, '\n', left()) : nullptr;
  if (!end) cut_short(left() + 1, left());
  const FileBytes line = take(static_cast<size_t>(static_cast<const std::byte*>(end) - (bytes_.data + position_)));
  ++position_;
  return line;
}

uint64_t ByteReader::number(size_t width) {
  if (width > left()) cut_short(width, left());
  uint64_t value = 0;
  for (size_t i = 0; i < width; ++i) value |= static_cast<uint64_t>(bytes_.data[position_ + i]) << (8 * i);
  position_ += width;
  return value;
}

}  // namespace mimdet
