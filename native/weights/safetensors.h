// The safetensors container: an 8-byte length, a JSON header, the numbers. Read without copying, written whole or not at all.
// Before it: file_bytes. After it: load_weights, checkpoint (reading), convert (writing).
#pragma once

#include <string>
#include <vector>

#include "weights/file_bytes.h"
#include "weights/named_tensor.h"

namespace mimdet {

struct Safetensors {
  std::vector<NamedTensor> tensors;  // in the order of their bytes
  Metadata metadata;
};

/// Believes nothing: the header must fit the file, each tensor's bytes its shape and dtype, and the tensors together must cover
/// the data exactly once. Error(kWeights) naming the tensor otherwise. Tensors share `file`'s bytes (one that is not aligned is
/// copied).
Safetensors read_safetensors(const FileBytes& file);
Safetensors read_safetensors(const std::string& path);

/// Writes tensors one after the other into a temporary file beside `path`; commit() puts it in place in one step.
/// Without commit() nothing is left. Every method throws Error(kWeights) where the disk refuses.
class SafetensorsWriter {
 public:
  /// Fixes names, dtypes (any of DType) and shapes; the numbers follow in this order.
  SafetensorsWriter(std::string path, const std::vector<TensorSpec>& tensors, const Metadata& metadata);
  ~SafetensorsWriter();
  SafetensorsWriter(const SafetensorsWriter&) = delete;
  SafetensorsWriter& operator=(const SafetensorsWriter&) = delete;

  void append(const std::byte* data, size_t bytes);
  void commit();

 private:
  void write(const void* data, size_t bytes);

  std::string path_, temporary_;
  int descriptor_ = -1;
  size_t announced_ = 0, appended_ = 0;  // bytes of numbers
};

void write_safetensors(const std::string& path, const std::vector<NamedTensor>& tensors, const Metadata& metadata);

}  // namespace mimdet
