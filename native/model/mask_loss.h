// The mask head's loss. Before it: mask_head (logits), mask_targets. He et al. 2017, section 3.
#pragma once

#include <ATen/core/Tensor.h>

namespace mimdet {

/// Mean binary cross entropy over each RoI's own class; a scalar. logits (M, C, s, s), classes (M) int64, targets (M, s, s) bool.
/// M = 0 gives 0 with a gradient path to `logits`.
at::Tensor mask_loss(const at::Tensor& logits, const at::Tensor& classes, const at::Tensor& targets);

}  // namespace mimdet
