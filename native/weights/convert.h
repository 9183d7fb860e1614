// `mimdet convert`: a checkpoint in any container becomes one .safetensors file of ours.
// Before it: checkpoint, mae. After it: load_weights reads what it wrote.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/cancel.h"
#include "model/config.h"

namespace mimdet {

struct ConvertOptions {
  std::optional<ModelConfig> config;  // else the one in the file's metadata, else the preset that fits by shapes
  std::vector<std::string> classes;   // names, where not empty
  bool half = false;                  // float16; else float32, whatever the file has
  bool mae_encoder_only = false;      // take MAE's encoder alone, leaving the decoder random
};

struct ConvertReport {
  size_t tensors = 0;                // written
  std::vector<std::string> dropped;  // names (printable) of the input that have no place in the output
  std::string preset;                // "base", "large", "tiny" or "custom"
  std::string format;                // "mimdet", or "mimdet-init" for what came from MAE
};

/// Writes `output` whole or not at all; memory is taken for one tensor at a time. Error(kWeights) where the input is not what it
/// should be (see load_weights) or a number is not finite or does not fit half precision; Error(kInvalidArgument) for a wrong
/// number of class names.
ConvertReport convert(const std::string& input, const std::string& output, const ConvertOptions& options,
                      const CancelFlag& cancel = {});

}  // namespace mimdet
