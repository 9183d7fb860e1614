// The training state of a model: every tensor that it has, in float32, by the reference's names.
// Before it: initial_weights. Read by every station of the step; changed by the backward pass (gradients), layers (statistics) and adamw.
#pragma once

#include <ATen/core/Tensor.h>

#include <string>
#include <unordered_map>
#include <vector>

#include "model/config.h"
#include "model/weight_source.h"
#include "weights/weight_names.h"

namespace mimdet {

struct TrainingTensor {
  std::string name;
  TensorRole role = TensorRole::kParameter;
  at::Tensor value;  // a leaf; kParameter alone requires a gradient
};

class Parameters {
 public:
  /// Copies what the configuration asks for out of `weights`, to float32 on `device`.
  /// Error(kWeights) naming a tensor that is missing or of another shape.
  Parameters(const ModelConfig& config, const StateDict& weights, at::Device device = at::kCPU);

  /// Error(kWeights) naming it where there is none.
  const at::Tensor& operator[](const std::string& name) const;

  /// All, in the order of expected_tensors.
  const std::vector<TrainingTensor>& tensors() const { return tensors_; }
  /// Those that are trained, in that order.
  std::vector<TrainingTensor> trainable() const;
  /// The trainable ones whose names begin with `prefix`.
  std::vector<at::Tensor> trainable_under(const std::string& prefix) const;

  /// Takes a parameter out of training: its role becomes kFrozen. Statistics go on. Error(kWeights) where there is none of that name.
  void freeze(const std::string& name);
  void clear_gradients() const;
  /// Shares the tensors' memory; detached.
  StateDict state() const;

 private:
  std::vector<TrainingTensor> tensors_;
  std::unordered_map<std::string, size_t> places_;
};

}  // namespace mimdet
