// A tensor as a checkpoint has it: a strided view of somebody's storage, perhaps in the other byte order.
// Made by torch_tensors and numpy_arrays, turned into a contiguous NamedTensor only when it is needed.
#pragma once

#include <string>
#include <vector>

#include "weights/file_bytes.h"
#include "weights/named_tensor.h"

namespace mimdet {

struct Storage {
  FileBytes bytes;
  DType dtype = DType::kFloat32;
  bool swapped = false;  // numbers lie in the other byte order
};

struct StoredTensor {
  std::string name;
  DType dtype = DType::kFloat32;
  std::vector<int64_t> shape;
  std::vector<int64_t> strides;      // in numbers, none negative
  const std::byte* first = nullptr;  // of the element with all indices 0; anywhere in memory
  bool swapped = false;
  std::shared_ptr<const void> owner;
};

/// Checks that every element lies within the storage and that the view has no more elements than the storage has numbers, so that
/// a small file cannot describe a large tensor. `offset` in numbers. Error(kWeights) naming the tensor.
StoredTensor view_storage(std::string name, const Storage& storage, int64_t offset, std::vector<int64_t> shape,
                          std::vector<int64_t> strides);

std::vector<int64_t> row_major_strides(const std::vector<int64_t>& shape);
std::vector<int64_t> column_major_strides(const std::vector<int64_t>& shape);

StoredTensor stored_tensor(NamedTensor tensor);

/// The tensor contiguous and in this machine's order, as float32 or float16 where `as` says so, else in its own dtype (`as` ==
/// dtype). Shares the storage's bytes where nothing has to change. Error(kWeights) naming the tensor where it holds no floating
/// numbers.
NamedTensor read_tensor(const StoredTensor& tensor, DType as);

}  // namespace mimdet
