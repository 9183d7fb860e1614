// From resized 8-bit pictures to the batch that the model takes.
// Before it: resize. After it: model/mask_rcnn (conv_stem).
#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

#include "model/config.h"
#include "structures/image_batch.h"
#include "structures/image_view.h"

namespace mimdet {

/// Both sides rounded up to a multiple of `divisibility`, pixels.
SizeHw padded_size(SizeHw size, int64_t divisibility);

/// (x - mean) / std in float32, then zeros at the right and the bottom up to the largest height and width, rounded up to
/// `config.size_divisibility`. `pictures` are already at the model's input size. Throws Error(kInvalidArgument) where there is
/// none or one is empty.
ImageBatch preprocess(const std::vector<ImageView>& pictures, const ModelConfig& config, at::Device device);

}  // namespace mimdet
