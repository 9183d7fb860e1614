// Which learning rate and weight decay each parameter has, and which ones are not trained.
// Before it: train_options, weights/weight_names. After it: parameters (what takes gradients), adamw.
//
// The reference's groups: the stem has factor 1, the rest of the encoder 1 / m, everything else (the decoder too) m. Biases have no weight
// decay, norms `weightDecayNorm`. With `layerDecay` d below 1 the stem's factor is multiplied by d^(depth + 1) and that of the encoder's block
// i by d^(depth - i), as in ViTDet; with m = 1 that is layer-wise decay alone.
#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "train/train_options.h"
#include "weights/weight_names.h"

namespace mimdet {

struct ParamGroup {
  double lr_factor = 1;
  double weight_decay = 0;
};

/// The group of one parameter of a model whose encoder has `depth` blocks.
ParamGroup param_group(const std::string& name, const std::vector<int64_t>& shape, const OptimizerOptions& options, int64_t depth);

/// Names of the parameters that a pattern of `options.freeze` matches. Error(kInvalidArgument) for a pattern that matches nothing, and
/// where nothing would be left to train.
std::unordered_set<std::string> frozen_names(const std::vector<ExpectedTensor>& tensors, const OptimizerOptions& options);

}  // namespace mimdet
