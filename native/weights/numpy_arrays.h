// What NumPy's pickles say of arrays, as in detectron2's .pkl files. For checkpoint.
#pragma once

#include <unordered_map>

#include "weights/pickle.h"
#include "weights/stored_tensor.h"

namespace mimdet {

bool is_numpy_array(const PickleValue& value);

class NumpyReader {
 public:
  /// `file` owns the bytes that the pickle's texts point into.
  explicit NumpyReader(FileBytes file) : file_(std::move(file)) {}

  /// Error(kWeights) naming the array for one of another kind of numbers, or whose shape and bytes disagree.
  StoredTensor read(const std::string& name, const PickleValue& value);

 private:
  FileBytes bytes_of(const std::string& name, const PickleValue& value);
  FileBytes decode_latin1(const std::string& name, std::string_view text);

  FileBytes file_;
  std::unordered_map<const void*, FileBytes> decoded_;  // each text once, however many arrays say that it is theirs
};

}  // namespace mimdet
