// ZIP: <name>/data.pkl, <name>/byteorder, <name>/data/<key>. Legacy: magic, protocol, system information, the document, the keys
// of the storages (each a pickle), then for each key a count of numbers and the numbers.
#include "weights/torch_checkpoint.h"

#include <bit>
#include <unordered_map>

#include "base/error.h"
#include "weights/pickle_arguments.h"
#include "weights/state_dict.h"
#include "weights/torch_tensors.h"
#include "weights/zip_archive.h"

namespace mimdet {
namespace {

constexpr bool kLittleEndian = std::endian::native == std::endian::little;

[[noreturn]] void wrong(const std::string& what, const std::string& received) {
  fail_expected(ErrorCode::kWeights, what, "checkpoint", received);
}

std::vector<StoredTensor> read_tensors(const Pickle& document, const FindStorage& find_storage) {
  return read_state_dict(document, {is_torch_tensor, [&](const std::string& name, const PickleValue& value) {
                                      return read_torch_tensor(name, value, find_storage);
                                    }});
}

bool is_big_endian(const ZipArchive& archive, const std::string& prefix) {
  if (!archive.has(prefix + "byteorder")) return !kLittleEndian;
  const FileBytes order = archive.content(prefix + "byteorder");
  if (order.text() != "little" && order.text() != "big") wrong("the byte order little or big", show_name(order.text()));
  return order.text() == "big";
}

}  // namespace

std::vector<StoredTensor> read_torch_zip(const FileBytes& file) {
  const ZipArchive archive(file);
  const std::string_view document_name = archive.find_ending("/data.pkl");
  if (document_name.empty()) wrong("a PyTorch checkpoint", "a ZIP archive of something else");
  const std::string prefix(document_name.substr(0, document_name.size() - std::string_view("data.pkl").size()));
  if (archive.has(prefix + "constants.pkl")) wrong("a state dict", "a TorchScript program");
  const bool swapped = is_big_endian(archive, prefix) == kLittleEndian;
  ByteReader reader(archive.content(document_name));
  const Pickle document = read_pickle(reader);
  return read_tensors(document, [&](const StorageReference& reference) {
    return Storage{archive.content(prefix + "data/" + std::string(reference.key)), DType::kUInt8, swapped};
  });
}

namespace {

/// Numbers of a storage in a legacy file have a width; every reference to a storage must agree on it.
std::unordered_map<std::string_view, size_t> storage_widths(const Pickle& document) {
  std::unordered_map<std::string_view, size_t> widths;
  for (const PickleNode* persistent : document.persistent) {
    const StorageReference reference = read_storage_reference(*persistent);
    const size_t width = reference.dtype ? dtype_size(*reference.dtype) : 1;
    const auto [known, is_new] = widths.emplace(reference.key, width);
    if (!is_new && known->second != width) wrong("one type for each storage", "two for storage " + show_name(reference.key));
  }
  return widths;
}

using LegacyStorages = std::unordered_map<std::string_view, FileBytes>;

LegacyStorages read_legacy_storages(ByteReader& reader, const Pickle& keys, const Pickle& document) {
  const PickleNode* list = as_node(keys.root, PickleNode::Kind::kList);
  if (!list) wrong("a list of storages", describe(keys.root));
  const auto widths = storage_widths(document);
  LegacyStorages storages;
  for (const PickleValue& item : list->items) {
    const std::string_view key = text_of(item);
    const auto width = widths.find(key);
    if (width == widths.end()) wrong("storages that the document mentions", "storage " + show_name(key));
    const uint64_t count = reader.number(8);
    if (count > reader.left() / width->second)
      wrong("storages within the file", std::to_string(count) + " numbers for storage " + show_name(key) + " where " +
                                            std::to_string(reader.left()) + " bytes are left (cut short or damaged)");
    storages.emplace(key, reader.take(count * width->second));
  }
  return storages;
}

bool says_big_endian(const Pickle& system) {
  const PickleNode* dict = as_node(system.root, PickleNode::Kind::kDict);
  const PickleValue* little = dict ? find_key(*dict, "little_endian") : nullptr;
  return little && little->kind == PickleValue::Kind::kBool && little->integer == 0;
}

}  // namespace

std::vector<StoredTensor> read_torch_legacy(const FileBytes& file) {
  ByteReader reader(file);
  read_pickle(reader);  // the magic number: file_kind has seen it
  const Pickle protocol = read_pickle(reader);
  if (protocol.root.kind != PickleValue::Kind::kInteger || protocol.root.integer != 1001)
    wrong("version 1001 of PyTorch's format before 1.6", describe(protocol.root));
  const Pickle system = read_pickle(reader);
  if (says_big_endian(system)) wrong("a checkpoint of a little-endian machine", "one of a big-endian machine (before 1.6)");
  const Pickle document = read_pickle(reader);
  const Pickle keys = read_pickle(reader);
  const LegacyStorages storages = read_legacy_storages(reader, keys, document);
  return read_tensors(document, [&](const StorageReference& reference) {
    const auto found = storages.find(reference.key);
    if (found == storages.end()) wrong("a storage for each tensor", "none with the key " + show_name(reference.key));
    return Storage{found->second, DType::kUInt8, !kLittleEndian};
  });
}

}  // namespace mimdet
