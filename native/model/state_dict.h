// The stairs between weights/ (which knows no LibTorch) and the model: tensors over the bytes of the file, without a copy, and back.
#pragma once

#include <string>
#include <vector>

#include "model/weight_source.h"
#include "weights/named_tensor.h"

namespace mimdet {

/// Each tensor keeps the bytes that it looks at alive. Nobody may write into them: a mapped file is read-only.
at::Tensor as_tensor(const NamedTensor& tensor);
/// The other way: shares the numbers of a contiguous tensor on the CPU, copies others. Float32 and int64 alone.
NamedTensor as_named_tensor(std::string name, const at::Tensor& tensor);
StateDict as_state_dict(const std::vector<NamedTensor>& tensors);

}  // namespace mimdet
