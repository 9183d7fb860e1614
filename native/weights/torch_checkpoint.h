// PyTorch's two containers: the ZIP of torch.save since 1.6 and the row of pickles and storages before. For checkpoint.
#pragma once

#include <vector>

#include "weights/file_bytes.h"
#include "weights/stored_tensor.h"

namespace mimdet {

/// Error(kWeights) naming what is wrong. Nothing of the pickle is called, and no storage is read.
std::vector<StoredTensor> read_torch_zip(const FileBytes& file);
std::vector<StoredTensor> read_torch_legacy(const FileBytes& file);

}  // namespace mimdet
