// What a forward pass will need and what the machine has: a picture that cannot fit is refused, or the system kills the process.
// Called by detector before anything is allocated.
#pragma once

#include <cstdint>

#include "base/geometry.h"
#include "model/config.h"

namespace mimdet {

/// Bytes of the largest tensors that are alive at a time in a float32 forward pass of one picture, rather too many than too few.
/// The weights are not counted.
double forward_bytes(const ModelConfig& config, SizeHw padded_size);

/// Of them, what stays alive for the masks: test-time augmentation keeps it of every view.
double pyramid_bytes(const ModelConfig& config, SizeHw padded_size);

/// Bytes that the process may still take, as the machine and its control group (a container's limit) say; 0 where neither says.
double available_memory();

/// The same, once memory that is free within the process is the system's again if `needed` would not fit otherwise.
double memory_for(double needed);

/// Throws Error(kOutOfMemory) with both figures where `padded_size` does not fit beside `kept_bytes` of other views.
void check_memory(const ModelConfig& config, SizeHw padded_size, double kept_bytes = 0);

}  // namespace mimdet
