// Stored position embeddings from one square grid to another. For convert; the model resizes its own at run time.
#pragma once

#include "weights/named_tensor.h"

namespace mimdet {

/// (1, 1 + g², C) for some g, with that number of channels.
bool is_position_shape(const std::vector<int64_t>& shape, int64_t channels);

/// (1, 1 + g², C) float32 to (1, 1 + grid², C): bicubic (a = -0.75, align_corners false), row 0 (a class token's) as it is.
NamedTensor resize_positions(const NamedTensor& positions, int64_t grid);

}  // namespace mimdet
