// The length of the gradient of all parameters together, for clipping and for the report. Before it: the backward pass. After it: adamw.
#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

namespace mimdet {

/// Euclidean norm over all numbers of all `gradients` (undefined ones count nothing), summed in float64; on the CPU in a fixed
/// order, so that it is the same number whatever the number of threads. Not finite where one of them is not.
double gradient_norm(const std::vector<at::Tensor>& gradients);

/// The same made of LibTorch calls, for any device: one number comes back from it.
double gradient_norm_anywhere(const std::vector<at::Tensor>& gradients);

/// What gradients are multiplied with so that their norm is at most `most` (0: 1, no clipping); as torch.nn.utils.clip_grad_norm_.
double clip_scale(double norm, double most);

}  // namespace mimdet
