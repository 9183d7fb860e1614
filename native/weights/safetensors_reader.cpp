// Checks a safetensors header, then hands out its tensors in place.
#include <algorithm>
#include <cstring>
#include <unordered_set>

#include "base/error.h"
#include "base/json.h"
#include "weights/safetensors.h"

namespace mimdet {
namespace {

constexpr size_t kLengthBytes = 8;
constexpr size_t kLongestHeader =
    size_t{4} << 20;  // the parsed tree is some thirty times the text; a large model's header has 60 kB
constexpr size_t kMostDimensions = 16;

struct Entry {
  std::string name;
  DType dtype = DType::kFloat32;
  std::vector<int64_t> shape;
  size_t begin = 0, end = 0;  // bytes within the data
};

[[noreturn]] void wrong(const std::string& what, const std::string& name, const std::string& received) {
  fail_expected(ErrorCode::kWeights, what, name, received);
}

FileBytes header_of(ByteReader& reader) {
  const uint64_t length = reader.number(kLengthBytes);
  if (length > reader.left())
    wrong("a header within the file", "safetensors",
          "one of " + std::to_string(length) + " bytes in a file of " + std::to_string(reader.bytes().size));
  if (length > kLongestHeader)
    wrong("a header of at most " + std::to_string(kLongestHeader) + " bytes", "safetensors", std::to_string(length) + " bytes");
  return reader.take(static_cast<size_t>(length));
}

DType read_dtype(const Json& json, const std::string& name) {
  static const std::pair<const char*, DType> kNames[] = {
      {"F32", DType::kFloat32}, {"F16", DType::kFloat16}, {"BF16", DType::kBFloat16}, {"F64", DType::kFloat64},
      {"I64", DType::kInt64},   {"I32", DType::kInt32},   {"I16", DType::kInt16},     {"I8", DType::kInt8},
      {"U8", DType::kUInt8},    {"BOOL", DType::kBool}};
  for (const auto& [text, dtype] : kNames)
    if (json.string() == text) return dtype;
  wrong("a dtype such as F32, F16 or BF16", name, show_name(json.string()));
}

int64_t read_count(const Json& json) {
  if (!json.is_integer() || json.integer() < 0) throw JsonError("expected an integer of at least 0");
  return json.integer();
}

Entry read_entry(const std::string& raw_name, const Json& json, size_t data_size) {
  Entry entry;
  entry.name = raw_name;
  const std::string name = show_name(raw_name);
  entry.dtype = read_dtype(json.at("dtype"), name);
  const Json::Array& shape = json.at("shape").array();
  if (shape.size() > kMostDimensions) wrong("at most 16 dimensions", name, std::to_string(shape.size()));
  for (const Json& side : shape) entry.shape.push_back(read_count(side));
  const Json::Array& offsets = json.at("data_offsets").array();
  if (offsets.size() != 2) throw JsonError("expected two data_offsets");
  entry.begin = static_cast<size_t>(read_count(offsets[0]));
  entry.end = static_cast<size_t>(read_count(offsets[1]));
  if (entry.begin > entry.end || entry.end > data_size)
    wrong("bytes within the file", name,
          "bytes " + std::to_string(entry.begin) + " to " + std::to_string(entry.end) + " of " + std::to_string(data_size) +
              " (a file that is cut short or damaged)");
  const auto bytes = tensor_bytes(entry.shape, entry.dtype);
  if (!bytes || *bytes != entry.end - entry.begin)
    wrong("as many bytes as its shape " + show_shape(entry.shape) + " takes as " + dtype_name(entry.dtype), name,
          std::to_string(entry.end - entry.begin) + " bytes");
  return entry;
}

Metadata read_metadata(const Json& json) {
  Metadata metadata;
  for (const auto& [key, value] : json.object()) {
    if (find_metadata(metadata, key)) wrong("each key once", "__metadata__", "\"" + show_name(key) + "\" twice");
    metadata.emplace_back(key, value.string());
  }
  return metadata;
}

/// Overlaps come first: they name two tensors, and explain the gap that they leave.
void check_overlaps(const std::vector<Entry>& sorted) {
  for (size_t i = 1; i < sorted.size(); ++i)
    if (sorted[i].begin < sorted[i - 1].end)
      wrong("bytes of its own", show_name(sorted[i].name), "bytes that `" + show_name(sorted[i - 1].name) + "` has too");
}

void check_gaps(const std::vector<Entry>& sorted, size_t data_size) {
  size_t covered = 0;
  for (const Entry& entry : sorted) {
    if (entry.begin != covered)
      wrong("no gap before its bytes", show_name(entry.name), std::to_string(entry.begin - covered) + " bytes of no tensor");
    covered = entry.end;
  }
  if (covered != data_size)
    wrong("tensors up to the end of the file", "safetensors",
          std::to_string(data_size - covered) + " bytes of no tensor at its end");
}

void check_names(const std::vector<Entry>& entries) {
  std::unordered_set<std::string_view> names;
  for (const Entry& entry : entries)
    if (!names.insert(entry.name).second) wrong("each name once", "safetensors", "`" + show_name(entry.name) + "` twice");
}

NamedTensor tensor_of(Entry entry, const FileBytes& data) {
  FileBytes bytes = data.part(entry.begin, entry.end - entry.begin);
  if (reinterpret_cast<uintptr_t>(bytes.data) % dtype_size(entry.dtype) != 0) {
    std::shared_ptr<std::byte[]> aligned(new std::byte[bytes.size]);
    if (bytes.size) std::memcpy(aligned.get(), bytes.data, bytes.size);
    bytes = {aligned.get(), bytes.size, aligned};
  }
  return {std::move(entry.name), entry.dtype, std::move(entry.shape), bytes.data, bytes.size, bytes.owner};
}

Safetensors read(const FileBytes& file) {
  ByteReader reader(file);
  const FileBytes header = header_of(reader);
  const FileBytes data = reader.take(reader.left());
  Safetensors result;
  std::vector<Entry> entries;
  const Json json = Json::parse(header.text());
  for (const auto& [name, value] : json.object()) {
    if (name == "__metadata__") result.metadata = read_metadata(value);
    else entries.push_back(read_entry(name, value, data.size));
  }
  check_names(entries);
  std::stable_sort(entries.begin(), entries.end(),
                   [](const Entry& a, const Entry& b) { return std::pair(a.begin, a.end) < std::pair(b.begin, b.end); });
  check_overlaps(entries);
  check_gaps(entries, data.size);
  for (Entry& entry : entries) result.tensors.push_back(tensor_of(std::move(entry), data));
  return result;
}

}  // namespace

Safetensors read_safetensors(const FileBytes& file) {
  try {
    return read(file);
  } catch (const JsonError& error) {
    wrong("a header as safetensors has it", "safetensors", std::string("something else: ") + show_name(error.what()));
  }
}

Safetensors read_safetensors(const std::string& path) { return read_safetensors(map_file(path)); }

}  // namespace mimdet
