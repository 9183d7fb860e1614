// Chooses the reader by the file's first bytes, and takes off the prefix that DistributedDataParallel puts before each name.
#include "weights/checkpoint.h"

#include <algorithm>

#include "base/error.h"
#include "weights/numpy_arrays.h"
#include "weights/safetensors.h"
#include "weights/state_dict.h"
#include "weights/torch_checkpoint.h"

namespace mimdet {
namespace {

std::vector<StoredTensor> read_numpy_pickle(const FileBytes& file) {
  ByteReader reader(file);
  const Pickle document = read_pickle(reader);
  NumpyReader arrays(file);
  return read_state_dict(
      document, {is_numpy_array, [&](const std::string& name, const PickleValue& value) { return arrays.read(name, value); }});
}

void take_off_prefix(std::vector<StoredTensor>& tensors) {
  constexpr std::string_view kPrefix = "module.";
  const auto has_prefix = [](const StoredTensor& tensor) { return tensor.name.starts_with(kPrefix); };
  constexpr int kMostWrappers = 4;
  for (int i = 0; i < kMostWrappers && !tensors.empty() && std::all_of(tensors.begin(), tensors.end(), has_prefix); ++i)
    for (StoredTensor& tensor : tensors) tensor.name.erase(0, kPrefix.size());
}

}  // namespace

Checkpoint read_checkpoint(const FileBytes& file) {
  Checkpoint checkpoint;
  checkpoint.kind = file_kind(file);
  switch (checkpoint.kind) {
    case FileKind::kSafetensors: {
      Safetensors content = read_safetensors(file);
      checkpoint.metadata = std::move(content.metadata);
      for (NamedTensor& tensor : content.tensors) checkpoint.tensors.push_back(stored_tensor(std::move(tensor)));
      break;
    }
    case FileKind::kTorchZip: checkpoint.tensors = read_torch_zip(file); break;
    case FileKind::kTorchLegacy: checkpoint.tensors = read_torch_legacy(file); break;
    case FileKind::kPickle: checkpoint.tensors = read_numpy_pickle(file); break;
    case FileKind::kUnknown: fail_expected(ErrorCode::kWeights, "a checkpoint", "checkpoint", describe_file(file));
  }
  take_off_prefix(checkpoint.tensors);
  return checkpoint;
}

}  // namespace mimdet
