// One pre-norm transformer block with gradients, and the drop path around its two branches (stochastic depth, Huang et al. 2016).
// A stack of them is the encoder, another the decoder; see backbone.
#pragma once

#include <ATen/core/Tensor.h>

#include <string>

#include "train/parameters.h"

namespace mimdet::train {

/// What each picture's branch is multiplied with: 0 where it is dropped, else 1 / keep. (N, 1, 1), undefined where none ever is.
struct BranchScales {
  at::Tensor attention, mlp;
};

/// (N, L, C) -> (N, L, C)
at::Tensor transformer_block(const Parameters& parameters, const std::string& prefix, const at::Tensor& x, int64_t heads, double layer_norm_eps,
                             const BranchScales& scales = {});

}  // namespace mimdet::train
