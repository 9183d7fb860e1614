// The weights of a run as a file that Detector.load takes. Before it: trainer. After it: weights/load_weights.
#pragma once

#include <string>

#include "model/config.h"
#include "model/weight_source.h"
#include "weights/named_tensor.h"

namespace mimdet {

/// Writes every tensor of expected_tensors(config) out of `tensors`, float32 or `half` (float16), whole or not at all; `card` is what the
/// metadata says beside format, version and config. Error(kWeights) naming a tensor that is not finite or does not fit half precision, and where
/// the disk refuses.
void save_weights(const std::string& path, const ModelConfig& config, const StateDict& tensors, bool half, const Metadata& card);

}  // namespace mimdet
