// The second half of initial_weights.h: weights of a file, as far as they fit.
#include <algorithm>
#include <unordered_map>
#include <unordered_set>

#include "base/error.h"
#include "model/state_dict.h"
#include "train/initial_weights.h"
#include "weights/check_weights.h"
#include "weights/file_bytes.h"
#include "weights/load_weights.h"
#include "weights/model_file.h"
#include "weights/position_resize.h"
#include "weights/safetensors.h"
#include "weights/weight_names.h"

namespace mimdet {
namespace {

/// Heads whose size is the number of classes.
bool depends_on_classes(const std::string& name) {
  return name.starts_with("roi_heads.box_predictor.") || name.starts_with("roi_heads.mask_head.predictor.");
}

bool is_other_grid(const std::vector<int64_t>& found, const std::vector<int64_t>& expected) {
  return is_position_shape(found, expected[2]) && found[1] != expected[1];
}

bool differs_in_rows_alone(const std::vector<int64_t>& found, const std::vector<int64_t>& expected) {
  return found.size() == expected.size() && !found.empty() && std::equal(found.begin() + 1, found.end(), expected.begin() + 1);
}

/// A file beside the model that is to be trained.
struct Source {
  Safetensors file;
  std::unordered_map<std::string, const NamedTensor*> by_name;
  bool part = false;           // an initialisation need not have all
  bool other_classes = false;  // its list of classes is another

  Source(const FileBytes& bytes, const ModelConfig& config) : file(read_safetensors(bytes)) {
    for (const NamedTensor& tensor : file.tensors) by_name.emplace(tensor.name, &tensor);
    const std::string* format = find_metadata(file.metadata, "format");
    part = format && *format == kInitFormat;
    const auto own = config_in(file.metadata);
    other_classes = own && own->classes != config.classes;
  }

  /// Whether the tensor must be made afresh though there is one of its name.
  bool is_remade(const ExpectedTensor& expected, const NamedTensor& found) const {
    if (!depends_on_classes(expected.name)) return false;
    return other_classes || (found.shape != expected.shape && differs_in_rows_alone(found.shape, expected.shape));
  }
};

/// Error(kWeights) for all that is neither as expected nor one of the differences that are allowed.
void check_source(const Source& source, std::vector<ExpectedTensor> expected) {
  std::vector<ExpectedTensor> wanted;
  for (ExpectedTensor& tensor : expected) {
    const auto found = source.by_name.find(tensor.name);
    if (found == source.by_name.end() && source.part) continue;
    if (found != source.by_name.end()) {
      const std::vector<int64_t>& shape = found->second->shape;
      const bool grid = tensor.role == TensorRole::kFrozen && is_other_grid(shape, tensor.shape);
      if (grid || (source.is_remade(tensor, *found->second) && differs_in_rows_alone(shape, tensor.shape))) tensor.shape = shape;
    }
    wanted.push_back(std::move(tensor));
  }
  std::vector<TensorSpec> specs;
  for (const NamedTensor& tensor : source.file.tensors) specs.push_back({tensor.name, tensor.dtype, tensor.shape});
  check_tensors(wanted, specs);
  check_finite(source.file.tensors);
}

NamedTensor as_float32(const NamedTensor& tensor) {
  const auto owner = std::make_shared<at::Tensor>(as_tensor(tensor).to(at::kFloat).contiguous());
  return {tensor.name, DType::kFloat32, tensor.shape, static_cast<const std::byte*>(owner->const_data_ptr()), owner->nbytes(), owner};
}

struct Notes {
  std::vector<std::string> heads, positions, fresh;

  std::vector<std::string> text() const {
    std::vector<std::string> lines;
    if (!heads.empty()) lines.push_back("Made afresh for another list of classes: " + show_names(heads));
    if (!positions.empty()) lines.push_back("Resized to this model's imageSize: " + show_names(positions));
    if (!fresh.empty()) lines.push_back("Not in the file and made afresh, " + std::to_string(fresh.size()) + " tensors: " + show_names(fresh));
    return lines;
  }
};

}  // namespace

InitialWeights load_initial_weights(const std::string& path, const ModelConfig& config, uint64_t seed) {
  return in_file(path, [&] {
    const FileBytes bytes = map_file(path);
    require_safetensors(bytes);
    const Source source(bytes, config);
    const std::vector<ExpectedTensor> expected = expected_tensors(config);
    check_source(source, expected);
    InitialWeights weights = fresh_weights(config, seed);
    Notes notes;
    for (const ExpectedTensor& tensor : expected) {
      const auto found = source.by_name.find(tensor.name);
      if (found == source.by_name.end()) notes.fresh.push_back(tensor.name);
      else if (source.is_remade(tensor, *found->second)) notes.heads.push_back(tensor.name);
      else if (found->second->shape != tensor.shape) {
        notes.positions.push_back(tensor.name);
        weights.tensors[tensor.name] = as_tensor(resize_positions(as_float32(*found->second), config.stored_grid()));
      } else weights.tensors[tensor.name] = as_tensor(*found->second).to(at::kFloat, false, /*copy=*/true);
    }
    weights.notes = notes.text();
    return weights;
  });
}

}  // namespace mimdet
