// Compares the tensors of a file with those that a configuration asks for, and says what differs by name. For load_weights and
// convert.
#pragma once

#include <string>
#include <vector>

#include "weights/named_tensor.h"
#include "weights/weight_names.h"

namespace mimdet {

/// "a, b, c" of the first ten, and "and 7 more".
std::string show_names(const std::vector<std::string>& names);

/// Whether the names are those of MIMDet's first version, which is another model.
bool is_first_version(const std::vector<TensorSpec>& found);

/// Error(kWeights) listing missing, unexpected and misshapen tensors, those without floating-point numbers, and a name that comes
/// twice; with a message of its own for the first version. Ignored buffers (is_ignored_tensor) may be there.
void check_tensors(const std::vector<ExpectedTensor>& expected, const std::vector<TensorSpec>& found);

/// Error(kWeights) naming the tensors that have a NaN or an infinity. Looks at every number.
void check_finite(const std::vector<NamedTensor>& tensors);

}  // namespace mimdet
