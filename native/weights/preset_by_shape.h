// Which preset a checkpoint's shapes are those of. For convert and inspect.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "model/config.h"
#include "weights/named_tensor.h"

namespace mimdet {

/// The name of the preset that this configuration's model is; classes, sizes of pictures, thresholds and what training draws may
/// differ. "custom" for none.
std::string preset_of(const ModelConfig& config);

/// The preset that most of the shapes fit, with as many classes and as large a grid as the tensors say; nothing where widths or
/// depths of encoder and decoder are no preset's. A name that is not known is "class 1", "class 2", ….
std::optional<ModelConfig> find_preset(const std::vector<TensorSpec>& found);

/// "encoder width 16, depth 1; decoder width 8, depth 1", for the message where there is no preset.
std::string describe_size(const std::vector<TensorSpec>& found);

}  // namespace mimdet
