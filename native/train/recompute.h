// Activation checkpointing: a part of the network keeps its input alone, and runs again in the backward pass for what lies between.
// Used by backbone around stem stages and transformer blocks. Chen et al. 2016.
#pragma once

#include <ATen/core/Tensor.h>

#include <functional>
#include <vector>

namespace mimdet::train {

using NetworkPart = std::function<at::Tensor(const at::Tensor& x)>;

/// part(x), with the same gradients, bit for bit. `parameters`: all that the part reads and that is trained. The part runs twice: it must
/// draw nothing (what is random is drawn before and held by it) and change nothing (no BatchNorm).
at::Tensor recomputed(const at::Tensor& x, const std::vector<at::Tensor>& parameters, const NetworkPart& part);

}  // namespace mimdet::train
