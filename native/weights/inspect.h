// `mimdet info`: what a weights file says of itself, without reading its numbers. For the addon's inspectWeights.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "model/config.h"
#include "weights/file_bytes.h"
#include "weights/named_tensor.h"

namespace mimdet {

struct Inspection {
  std::string format;                 // "mimdet", "mimdet-init", or the container in words
  std::optional<ModelConfig> config;  // of the file's metadata
  Metadata metadata;                  // the card
  std::vector<TensorSpec> tensors;
  size_t bytes = 0;  // of the file

  /// { format, preset, config, metadata, tensors: [{ name, dtype, shape }], bytes }; config and preset null where the file has
  /// none.
  std::string to_json_text() const;
};

/// Any container that convert takes. Error(kWeights) as read_checkpoint has it.
Inspection inspect_weights(const std::string& path);
Inspection inspect_weights(const FileBytes& file);

}  // namespace mimdet
