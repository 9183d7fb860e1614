// Any container that people bring, as one list of tensors: safetensors, PyTorch's ZIP and its format before 1.6, pickled NumPy
// arrays. Before it: file_bytes. After it: convert, inspect. Numbers are not looked at here.
#pragma once

#include <string>
#include <vector>

#include "weights/file_kind.h"
#include "weights/named_tensor.h"
#include "weights/stored_tensor.h"

namespace mimdet {

struct Checkpoint {
  FileKind kind = FileKind::kUnknown;
  std::vector<StoredTensor> tensors;  // of the model; each name once, without a `module.` that all names begin with
  Metadata metadata;                  // of a safetensors file
};

/// Error(kWeights) for a file that is none of these, or damaged, or hostile. Takes memory for names and shapes alone.
Checkpoint read_checkpoint(const FileBytes& file);

}  // namespace mimdet
