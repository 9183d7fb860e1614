// Weights as they lie in a file, as LibTorch tensors. Before it: weights/load_weights. After it: model/weight_source.
#pragma once

#include <vector>

#include "model/weight_source.h"
#include "weights/named_tensor.h"

namespace mimdet {

/// Tensors by name on the CPU, in the file's precision. They are copies: a model outlives the file, and a file that is mapped may be
/// cut short by another program while the model works.
StateDict to_state_dict(const std::vector<NamedTensor>& tensors);

}  // namespace mimdet
