// Hands out the weights of a model by the reference's names, on the model's device and in its precision. Every station is built from it.
#pragma once

#include <ATen/core/Tensor.h>

#include <string>
#include <unordered_map>

#include "ops/layer_precision.h"

namespace mimdet {

/// Tensors by the reference's state-dict names.
using StateDict = std::unordered_map<std::string, at::Tensor>;

class WeightSource {
 public:
  /// `weights` must outlive the source (stations keep tensors, not the source). `precision`: see ops/layer_precision.
  WeightSource(const StateDict& weights, at::Device device, at::ScalarType precision);

  /// The tensor `name`, on the device and in the precision. Error(kWeights) naming it where there is none.
  at::Tensor operator()(const std::string& name) const;
  /// The same in float32 on the CPU, for what is computed once at load.
  at::Tensor float32(const std::string& name) const;
  /// To the device and the precision.
  at::Tensor place(const at::Tensor& tensor) const;

  /// Of the layers' weights.
  WeightForm form() const { return form_; }

  at::TensorOptions options() const { return at::TensorOptions(dtype_).device(device_); }

 private:
  const at::Tensor& find(const std::string& name) const;

  const StateDict& weights_;
  at::Device device_;
  at::ScalarType dtype_;
  WeightForm form_;
};

}  // namespace mimdet
