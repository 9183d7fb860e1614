// What PyTorch's pickles say of tensors: which recorded call rebuilds one, and on which storage. For torch_checkpoint.
#pragma once

#include <functional>

#include "weights/pickle.h"
#include "weights/stored_tensor.h"

namespace mimdet {

/// ('storage', type, key, location, count): what a persistent identifier says of a storage.
struct StorageReference {
  std::string_view key;
  std::optional<DType> dtype;  // nothing: bytes without a type, the tensor says which
  int64_t count = 0;           // numbers that it claims to have
  int64_t view_offset = 0;     // legacy files: a view of the storage of that key, in numbers
};

/// Error(kWeights) for an identifier that says something else.
StorageReference read_storage_reference(const PickleNode& persistent);

/// The bytes of a storage. Error(kWeights) where there are none.
using FindStorage = std::function<Storage(const StorageReference&)>;

/// Whether the value is a recorded call that rebuilds a tensor or a parameter.
bool is_torch_tensor(const PickleValue& value);

/// Error(kWeights) naming the tensor for one that does not fit its storage, or of a kind that holds no plain numbers.
StoredTensor read_torch_tensor(const std::string& name, const PickleValue& value, const FindStorage& find_storage);

}  // namespace mimdet
