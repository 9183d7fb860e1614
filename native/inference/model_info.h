// What a loaded model says of itself. Made from its weights file by detector, shown by the addon as `detector.info`.
#pragma once

#include <cstdint>
#include <string>

#include "model/config.h"
#include "weights/load_weights.h"

namespace mimdet {

struct ModelInfo {
  ModelConfig config;
  Metadata metadata;   // of the file, without the configuration
  std::string preset;  // the one whose architecture it has, or "custom"
  int64_t parameters = 0;
  std::string device, precision;  // filled by the detector
  int threads = 0;
};

/// All but what depends on the machine.
ModelInfo describe(const ModelWeights& weights);

}  // namespace mimdet
