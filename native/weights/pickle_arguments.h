// Arguments of recorded calls as plain C++ values. For torch_tensors and numpy_arrays.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "weights/pickle.h"

namespace mimdet {

/// Text or bytes; "" for anything else.
std::string_view text_of(const PickleValue& value);
/// Error(kWeights) naming `name` where it is no integer.
int64_t integer_of(const PickleValue& value, const std::string& name);
/// A tuple or list of integers, also wrapped as torch.Size((…)). Error(kWeights) naming `name` for anything else.
std::vector<int64_t> integers_of(const PickleValue& value, const std::string& name);

}  // namespace mimdet
