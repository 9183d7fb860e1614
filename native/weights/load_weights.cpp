// See load_weights.h.
#include "weights/load_weights.h"

#include <unordered_map>

#include "base/error.h"
#include "weights/check_weights.h"
#include "weights/file_kind.h"
#include "weights/model_file.h"
#include "weights/safetensors.h"
#include "weights/stored_tensor.h"

namespace mimdet {
namespace {

std::vector<TensorSpec> specs_of(const std::vector<NamedTensor>& tensors) {
  std::vector<TensorSpec> specs;
  for (const NamedTensor& tensor : tensors) specs.push_back({tensor.name, tensor.dtype, tensor.shape});
  return specs;
}

/// An initialisation has a part of the tensors by design: name what training would have to make.
[[noreturn]] void refuse_init(const std::vector<ExpectedTensor>& expected, const std::vector<NamedTensor>& tensors) {
  std::unordered_map<std::string_view, bool> found;
  for (const NamedTensor& tensor : tensors) found[tensor.name] = true;
  std::vector<std::string> missing;
  for (const ExpectedTensor& tensor : expected)
    if (!found.contains(tensor.name)) missing.push_back(tensor.name);
  fail_expected(ErrorCode::kWeights, "a whole model", "weights",
                "a file to start training from (" + std::string(kInitFormat) + "), which lacks " +
                    std::to_string(missing.size()) + " of " + std::to_string(expected.size()) +
                    " tensors: " + show_names(missing) + ". `mimdet train --init` takes it");
}

void check_format(const Metadata& metadata, const std::vector<ExpectedTensor>& expected,
                  const std::vector<NamedTensor>& tensors) {
  const std::string* format = find_metadata(metadata, "format");
  if (format && *format == kInitFormat) refuse_init(expected, tensors);
}

std::vector<NamedTensor> pick(const std::vector<ExpectedTensor>& expected, std::vector<NamedTensor>& tensors) {
  std::unordered_map<std::string_view, NamedTensor*> by_name;
  for (NamedTensor& tensor : tensors) by_name[tensor.name] = &tensor;
  std::vector<NamedTensor> picked;
  for (const ExpectedTensor& tensor : expected) {
    NamedTensor found = *by_name.at(tensor.name);
    if (found.dtype == DType::kFloat64) found = read_tensor(stored_tensor(found), DType::kFloat32);
    picked.push_back(std::move(found));
  }
  return picked;
}

}  // namespace

void require_safetensors(const FileBytes& file) {
  const FileKind kind = file_kind(file);
  if (kind == FileKind::kSafetensors) return;
  const std::string hint = kind == FileKind::kUnknown ? "" : "; `mimdet convert` makes one of it";
  fail_expected(ErrorCode::kWeights, "a .safetensors file of a model", "weights", describe_file(file) + hint);
}

ModelWeights load_weights(const FileBytes& file, const std::optional<ModelConfig>& config) {
  require_safetensors(file);
  Safetensors content = read_safetensors(file);
  const auto chosen = config ? config : config_in(content.metadata);
  if (!chosen)
    fail_expected(ErrorCode::kWeights, "a configuration in the file's metadata", "config",
                  "none; `mimdet convert IN OUT.safetensors --config …` adds one");
  const auto expected = expected_tensors(*chosen);
  check_format(content.metadata, expected, content.tensors);
  check_tensors(expected, specs_of(content.tensors));
  ModelWeights weights{*chosen, card_of(content.metadata), pick(expected, content.tensors)};
  check_finite(weights.tensors);
  return weights;
}

ModelWeights load_weights(const std::string& path, const std::optional<ModelConfig>& config) {
  return in_file(path, [&] { return load_weights(map_file(path), config); });
}

}  // namespace mimdet
