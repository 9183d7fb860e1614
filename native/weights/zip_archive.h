// Reads a ZIP archive in memory, with ZIP64, entries stored as they are (PyTorch compresses none). For torch_zip.
#pragma once

#include <string>
#include <string_view>
#include <unordered_map>

#include "weights/file_bytes.h"

namespace mimdet {

class ZipArchive {
 public:
  /// Reads the central directory. Error(kWeights) for an archive that is cut, or whose entries do not lie within it.
  explicit ZipArchive(FileBytes file);

  bool has(std::string_view name) const { return entries_.contains(name); }
  /// The bytes of an entry, in place. Error(kWeights) naming it where it is missing, compressed, encrypted or outside the file.
  FileBytes content(std::string_view name) const;
  /// The shortest name that ends with `ending`; "" where there is none.
  std::string_view find_ending(std::string_view ending) const;

 private:
  struct Entry {
    uint64_t header = 0;  // offset of the local header
    uint64_t size = 0;
    uint16_t method = 0, flags = 0;
  };
  struct Directory {
    uint64_t entries = 0, offset = 0, size = 0;
  };
  Directory find_directory() const;
  Directory find_directory64(size_t end_record) const;
  void read_entry(ByteReader& reader);

  FileBytes file_;
  std::unordered_map<std::string_view, Entry> entries_;  // names point into the file
};

}  // namespace mimdet
