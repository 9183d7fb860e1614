// First bytes of weights, and of what people give by mistake.
#include "weights/file_kind.h"

#include <utility>

namespace mimdet {
namespace {

using namespace std::string_view_literals;

/// A pickle of protocol 2 that is the number 0x1950a86a20f9469cfc6c: how torch.save began before 1.6.
constexpr std::string_view kLegacyMagic = "\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19"sv;

constexpr std::pair<std::string_view, const char*> kMistakes[] = {
    {"\x89PNG"sv, "a PNG picture"},
    {"\xff\xd8\xff"sv, "a JPEG picture"},
    {"GIF8"sv, "a GIF picture"},
    {"RIFF"sv, "a RIFF file (a WebP picture?)"},
    {"BM"sv, "a BMP picture"},
    {"II*\0"sv, "a TIFF picture"},
    {"MM\0*"sv, "a TIFF picture"},
    {"%PDF"sv, "a PDF document"},
    {"\x1f\x8b"sv, "a gzip archive (unpack it first)"},
    {"BZh"sv, "a bzip2 archive (unpack it first)"},
    {"\xfd\x37zXZ"sv, "an xz archive (unpack it first)"},
    {"\x28\xb5\x2f\xfd"sv, "a Zstandard archive (unpack it first)"},
    {"\x89HDF"sv, "an HDF5 file"},
    {"\x93NUMPY"sv, "a NumPy array file"},
    {"\177ELF"sv, "a program"},
    {"GGUF"sv, "a GGUF file"},
    {"version https://git-lfs"sv, "a Git LFS pointer (git lfs pull brings the file itself)"},
    {"<"sv, "a page of HTML or XML (a download that failed?)"},
    {"{"sv, "a JSON text"},
    {"["sv, "a JSON text"},
};

bool is_safetensors(std::string_view text) { return text.size() > 8 && text[8] == '{'; }

}  // namespace

FileKind file_kind(const FileBytes& file) {
  const std::string_view text = file.text();
  if (text.starts_with("PK\x03\x04"sv) || text.starts_with("PK\x05\x06"sv)) return FileKind::kTorchZip;
  const bool pickle = text.size() > 2 && text[0] == '\x80' && text[1] >= 2 && text[1] <= 5;
  if (pickle && text.substr(2).starts_with(kLegacyMagic)) return FileKind::kTorchLegacy;
  if (is_safetensors(text)) return FileKind::kSafetensors;  // before pickle: a header of 640 bytes begins 80 02
  return pickle ? FileKind::kPickle : FileKind::kUnknown;
}

std::string describe_file(const FileBytes& file) {
  switch (file_kind(file)) {
    case FileKind::kSafetensors: return "a safetensors file";
    case FileKind::kTorchZip: return "a PyTorch checkpoint";
    case FileKind::kTorchLegacy: return "a PyTorch checkpoint (older than 1.6)";
    case FileKind::kPickle: return "a pickle";
    case FileKind::kUnknown: break;
  }
  if (file.size == 0) return "an empty file";
  for (const auto& [start, what] : kMistakes)
    if (file.text().starts_with(start)) return what;
  return "a file that is neither safetensors nor a PyTorch checkpoint nor a pickle";
}

}  // namespace mimdet
