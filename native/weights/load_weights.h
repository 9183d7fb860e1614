// A weights file of ours, checked from end to end: what the engine builds a model from.
// Before it: safetensors, weight_names. After it: model/mask_rcnn.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "model/config.h"
#include "weights/file_bytes.h"
#include "weights/named_tensor.h"

namespace mimdet {

struct ModelWeights {
  ModelConfig config;
  /// The card: license, data, recipe, metrics, …
  Metadata metadata;
  /// Every tensor of expected_tensors(config), in that order; float32, float16 or bfloat16, finite.
  std::vector<NamedTensor> tensors;
};

/// Error(kWeights) saying what the file is, where it is no safetensors file.
void require_safetensors(const FileBytes& file);

/// Reads a .safetensors file. The configuration is `config` where given, else the one in the file's metadata.
/// Error(kWeights) for a file that is no weights, is damaged, is a `mimdet-init` file, has no configuration, or whose tensors are
/// missing, unexpected, misshapen or not finite; each named.
ModelWeights load_weights(const std::string& path, const std::optional<ModelConfig>& config = {});
ModelWeights load_weights(const FileBytes& file, const std::optional<ModelConfig>& config = {});

}  // namespace mimdet
