// MAE's pre-training checkpoints as a beginning for ours: which of its tensors become which of ours, and the position embeddings
// brought to our grid. He et al. 2022; for convert.
#pragma once

#include <string>
#include <vector>

#include "model/config.h"
#include "weights/named_tensor.h"
#include "weights/stored_tensor.h"

namespace mimdet {

/// Whether the names are those of MAE's model: `pos_embed`, `blocks.0…` without `backbone.`.
bool is_mae(const std::vector<TensorSpec>& found);

/// The preset with the encoder's width and depth; Error(kWeights) saying which they are where there is none.
ModelConfig find_mae_preset(const std::vector<TensorSpec>& found);

struct MaeTensor {
  std::string name;            // ours
  std::vector<int64_t> shape;  // ours
  const StoredTensor* source = nullptr;
  bool is_position = false;  // to be resized by resize_positions
};

/// Those of our tensors that the checkpoint gives, in the order of expected_tensors. Error(kWeights) naming tensors that are
/// missing or of another shape, and for a checkpoint without decoder unless `encoder_only`.
std::vector<MaeTensor> map_mae(const std::vector<StoredTensor>& tensors, const ModelConfig& config, bool encoder_only);

}  // namespace mimdet
