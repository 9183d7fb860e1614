// The bytes of a file that someone brought: mapped from a path, or given in memory. First station of everything that reads
// weights.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace mimdet {

struct FileBytes {
  const std::byte* data = nullptr;
  size_t size = 0;
  std::shared_ptr<const void> owner;  // keeps `data` alive

  /// `length` bytes from `offset`, with the same owner. The caller has checked that they lie within.
  FileBytes part(size_t offset, size_t length) const { return {data + offset, length, owner}; }
  std::string_view text() const { return {reinterpret_cast<const char*>(data), size}; }
};

/// Maps a regular file for reading; nothing is read yet. Error(kWeights) with a plain reason for anything else.
/// A file that another program cuts short while it is mapped ends the process, so writers replace files whole (SafetensorsWriter
/// does).
FileBytes map_file(const std::string& path);

/// Lets the system drop these bytes from the process's memory until they are read again. Does nothing unless they lie in a mapped
/// file. Whoever reads a large file once calls it as he goes on: mapped pages count as the process's own.
void drop_pages(const std::byte* data, size_t size);

/// Reads little-endian numbers from front to back. Running off the end is Error(kWeights), "a whole file … one that is cut".
class ByteReader {
 public:
  explicit ByteReader(FileBytes bytes) : bytes_(std::move(bytes)) {}

  size_t position() const { return position_; }
  size_t left() const { return bytes_.size - position_; }
  const FileBytes& bytes() const { return bytes_; }

  void seek(size_t position);
  FileBytes take(size_t count);
  FileBytes take_line();  // up to and without the next line feed
  /// An unsigned number of `width` (1 … 8) bytes.
  uint64_t number(size_t width);

 private:
  FileBytes bytes_;
  size_t position_ = 0;
};

}  // namespace mimdet
