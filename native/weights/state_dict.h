// Where in an unpickled document the model's tensors are. For checkpoint.
#pragma once

#include <functional>

#include "weights/pickle.h"
#include "weights/stored_tensor.h"

namespace mimdet {

/// Reads one value that `is_tensor` says is a tensor.
struct TensorReader {
  std::function<bool(const PickleValue&)> is_tensor;
  std::function<StoredTensor(const std::string& name, const PickleValue&)> read;
};

/// The tensors of the document's `model`, `state_dict` or `model_state_dict`, or of the document itself. Other values (counters,
/// arguments, an optimizer) are passed over. Error(kWeights) where there is no tensor.
std::vector<StoredTensor> read_state_dict(const Pickle& pickle, const TensorReader& reader);

}  // namespace mimdet
