// One pre-norm transformer block with gradients, and the drop path around its two branches (stochastic depth, Huang et al. 2016).
// A stack of them is the encoder, another the decoder; see backbone.
#pragma once

#include <ATen/core/Tensor.h>

#include <string>
#include <vector>

#include "model/config.h"
#include "train/parameters.h"

namespace mimdet::train {

/// What each picture's branch is multiplied with: 0 where it is dropped, else 1 / keep. (N, 1, 1), undefined where none ever is.
struct BranchScales {
  at::Tensor attention, mlp;
};

/// (N, L, C) -> (N, L, C)
at::Tensor transformer_block(const Parameters& parameters, const std::string& prefix, const at::Tensor& x, int64_t heads, double layer_norm_eps,
                             const BranchScales& scales = {});

/// The probability of dropping a branch in each encoder block, rising from 0 to `drop_path`; float32 as in the reference.
std::vector<float> drop_path_rates(const EncoderConfig& config);

}  // namespace mimdet::train
