// What a forward pass needs of memory, estimated from the configuration. After it: device_memory, which asks whether it is there.
#pragma once

#include "base/geometry.h"
#include "model/config.h"

namespace mimdet {

/// Bytes of the largest tensors that are alive at a time in a float32 forward pass of one picture, rather too many than too few.
/// The weights are not counted. `masks`: of the picture, at most.
double forward_bytes(const ModelConfig& config, SizeHw padded_size, int64_t masks);

/// Of them, what stays alive for the masks: test-time augmentation keeps it of every view.
double pyramid_bytes(const ModelConfig& config, SizeHw padded_size);

}  // namespace mimdet
