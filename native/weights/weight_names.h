// The names, shapes and roles of every tensor that a configuration's model has, by the reference's state-dict names.
// The single source for loading, converting, building and training.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "model/config.h"
#include "weights/named_tensor.h"

namespace mimdet {

enum class TensorRole {
  kParameter,  // is trained
  kFrozen,     // position embeddings: computed once, never trained
  kStatistic,  // running mean and variance of a BatchNorm
};

struct ExpectedTensor {
  std::string name;
  std::vector<int64_t> shape;
  TensorRole role = TensorRole::kParameter;
};

/// In the order of the forward pass.
std::vector<ExpectedTensor> expected_tensors(const ModelConfig& config);

/// Width of a transformer block's hidden layer, rounded down.
int64_t hidden_features(int64_t dim, double mlp_ratio);

/// Name of the RPN head's convolution `index` of `count`, without `.weight`: a single one has no number.
std::string rpn_conv_name(int64_t index, int64_t count);

/// Buffers that checkpoints may carry and that the configuration says better: num_batches_tracked, pixel_mean, pixel_std,
/// cell_anchors.
bool is_ignored_tensor(std::string_view name);

}  // namespace mimdet
