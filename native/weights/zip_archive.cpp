// PKWARE's APPNOTE, sections 4.3.7 (local header), 4.3.12 (directory), 4.3.14-16 (end records), 4.5.3 (ZIP64 sizes).
#include "weights/zip_archive.h"

#include "base/error.h"
#include "weights/named_tensor.h"

namespace mimdet {
namespace {

constexpr uint32_t kLocalHeader = 0x04034b50, kDirectoryEntry = 0x02014b50, kEnd = 0x06054b50, kEnd64 = 0x06064b50,
                   kLocator64 = 0x07064b50;
constexpr size_t kEndSize = 22, kLocatorSize = 20, kLongestComment = 65535;
constexpr uint64_t kIn64 = 0xffffffff;  // "see the ZIP64 field"

[[noreturn]] void damaged(const std::string& received) {
  fail_expected(ErrorCode::kWeights, "a whole ZIP archive, as PyTorch writes it", "checkpoint", received);
}

/// The ZIP64 field of a directory entry holds those of size, packed size and offset that did not fit, in this order.
void read_zip64_field(const FileBytes& extra, uint64_t& size, uint64_t& packed, uint64_t& header) {
  ByteReader reader(extra);
  while (reader.left() >= 4) {
    const uint64_t id = reader.number(2);
    ByteReader field(reader.take(reader.number(2)));
    if (id != 1) continue;
    for (uint64_t* value : {&size, &packed, &header})
      if (*value == kIn64) *value = field.number(8);
    return;
  }
}

}  // namespace

ZipArchive::ZipArchive(FileBytes file) : file_(std::move(file)) {
  const Directory directory = find_directory();
  if (directory.offset > file_.size || directory.size > file_.size - directory.offset)
    damaged("one whose directory lies outside the file (cut short or damaged)");
  ByteReader reader(file_.part(directory.offset, directory.size));
  while (reader.left() >= 4 && entries_.size() < directory.entries) read_entry(reader);
  if (entries_.size() != directory.entries)
    damaged("one with " + std::to_string(entries_.size()) + " of the " + std::to_string(directory.entries) +
            " entries that it announces");
}

ZipArchive::Directory ZipArchive::find_directory() const {
  const size_t last = file_.size < kEndSize ? 0 : file_.size - kEndSize;
  const size_t first = last > kLongestComment ? last - kLongestComment : 0;
  for (size_t at = last + 1; file_.size >= kEndSize && at-- > first;) {
    ByteReader reader(file_.part(at, file_.size - at));
    if (reader.number(4) != kEnd) continue;
    reader.take(6);  // numbers of disks
    Directory directory;
    directory.entries = reader.number(2);
    directory.size = reader.number(4);
    directory.offset = reader.number(4);
    if (reader.number(2) > reader.left()) continue;  // the signature by chance, inside something else
    const bool wants64 = directory.entries == 0xffff || directory.size == kIn64 || directory.offset == kIn64;
    return wants64 ? find_directory64(at) : directory;
  }
  damaged("one without its end (cut short?)");
}

ZipArchive::Directory ZipArchive::find_directory64(size_t end_record) const {
  if (end_record < kLocatorSize) damaged("one without its ZIP64 end record");
  ByteReader locator(file_.part(end_record - kLocatorSize, kLocatorSize));
  if (locator.number(4) != kLocator64) damaged("one without its ZIP64 end record");
  locator.take(4);
  ByteReader reader(file_);
  reader.seek(locator.number(8));
  if (reader.number(4) != kEnd64) damaged("one without its ZIP64 end record");
  reader.take(8 + 2 + 2 + 4 + 4 + 8);  // own size, versions, disks, entries on this disk
  Directory directory;
  directory.entries = reader.number(8);
  directory.size = reader.number(8);
  directory.offset = reader.number(8);
  return directory;
}

void ZipArchive::read_entry(ByteReader& reader) {
  if (reader.number(4) != kDirectoryEntry) damaged("one with a damaged directory");
  Entry entry;
  reader.take(4);  // versions
  entry.flags = static_cast<uint16_t>(reader.number(2));
  entry.method = static_cast<uint16_t>(reader.number(2));
  reader.take(8);  // time, date, checksum
  uint64_t packed = reader.number(4);
  entry.size = reader.number(4);
  const size_t name_length = reader.number(2), extra_length = reader.number(2), comment_length = reader.number(2);
  reader.take(8);  // disk, attributes
  entry.header = reader.number(4);
  const std::string_view name = reader.take(name_length).text();
  read_zip64_field(reader.take(extra_length), entry.size, packed, entry.header);
  reader.take(comment_length);
  if (entry.method == 0 && packed != entry.size) damaged("one whose entry `" + show_name(name) + "` has two sizes");
  if (!entries_.emplace(name, entry).second) damaged("one that has the entry `" + show_name(name) + "` twice");
}

FileBytes ZipArchive::content(std::string_view name) const {
  const auto found = entries_.find(name);
  if (found == entries_.end()) damaged("one without the entry `" + show_name(name) + "`");
  const Entry& entry = found->second;
  if (entry.flags & 1) damaged("one whose entry `" + show_name(name) + "` is encrypted");
  if (entry.method != 0) damaged("one whose entry `" + show_name(name) + "` is compressed (PyTorch stores entries as they are)");
  ByteReader reader(file_);
  reader.seek(entry.header);
  if (reader.number(4) != kLocalHeader) damaged("one whose entry `" + show_name(name) + "` is not where the directory says");
  reader.take(22);
  const size_t name_length = reader.number(2), extra_length = reader.number(2);
  reader.take(name_length);
  reader.take(extra_length);
  return reader.take(entry.size);
}

std::string_view ZipArchive::find_ending(std::string_view ending) const {
  std::string_view best;
  for (const auto& [name, entry] : entries_)
    if (name.ends_with(ending) && (best.empty() || std::pair(name.size(), name) < std::pair(best.size(), best))) best = name;
  return best;
}

}  // namespace mimdet
