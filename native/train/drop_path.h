// How likely each encoder block's residual branches are left out in training. Read by train's encoder; Huang et al. 2016.
#pragma once

#include <vector>

#include "model/config.h"

namespace mimdet {

/// One probability a block, linearly from 0 to `encoder.drop_path`, in float32 as the reference rounds it.
std::vector<float> drop_path_probabilities(const EncoderConfig& encoder);

}  // namespace mimdet
