// The layers of the network in the form that is trained: differentiable, reading their weights by the reference's names.
// Every station of the step is made of these; the operators behind them are ops/autograd and LibTorch's own.
#pragma once

#include <ATen/core/Tensor.h>

#include <string>

#include "ops/activation.h"
#include "train/parameters.h"

namespace mimdet::train {

/// `prefix.weight`, `prefix.bias`: (…, in) -> (…, out)
at::Tensor linear(const Parameters& parameters, const std::string& prefix, const at::Tensor& x, Activation activation = Activation::kNone);

/// `prefix.weight`, `prefix.bias`: square kernel of odd side, stride 1, size kept. (N, C, h, w) -> (N, D, h, w)
at::Tensor conv(const Parameters& parameters, const std::string& prefix, const at::Tensor& x, Activation activation = Activation::kNone);

/// `prefix.weight` 3×3, stride 2, without bias. (N, C, h, w) -> (N, D, h / 2, w / 2)
at::Tensor conv_halving(const Parameters& parameters, const std::string& prefix, const at::Tensor& x);

/// Convolution without bias and the BatchNorm `prefix.norm` with the statistics of this batch; the running ones move a tenth of the way.
/// Not to be run twice for one step. An empty batch leaves the statistics as they are.
at::Tensor conv_batch_norm(const Parameters& parameters, const std::string& prefix, const at::Tensor& x,
                           Activation activation = Activation::kNone);

/// Over the last axis.
at::Tensor layer_norm(const Parameters& parameters, const std::string& prefix, const at::Tensor& x, double eps);

/// One group for all channels, then GELU.
at::Tensor group_norm_gelu(const Parameters& parameters, const std::string& prefix, const at::Tensor& x);

/// qkv (N, L, 3C), order q, k, v, heads inside -> (N, L, C)
at::Tensor attention(const at::Tensor& qkv, int64_t heads);

/// Transposed 2×2 convolution of stride 2 with bias, then ReLU. (R, C, s, s) -> (R, D, 2s, 2s)
at::Tensor deconv_relu(const Parameters& parameters, const std::string& prefix, const at::Tensor& x);

}  // namespace mimdet::train
