// Which container a file is, by its first bytes. For checkpoint, load_weights and messages.
#pragma once

#include <string>

#include "weights/file_bytes.h"

namespace mimdet {

enum class FileKind { kSafetensors, kTorchZip, kTorchLegacy, kPickle, kUnknown };

FileKind file_kind(const FileBytes& file);
/// "a PyTorch checkpoint", "a PNG picture", "an empty file", "a page of HTML (a download that failed?)", …
std::string describe_file(const FileBytes& file);

}  // namespace mimdet
