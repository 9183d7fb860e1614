// AdamW: moves every parameter by its gradient, and remembers the gradients' moments. Loshchilov & Hutter 2019, with PyTorch's order of operations.
// Before it: gradient_norm (clipping). After it: weight_average.
#pragma once

#include <ATen/core/Tensor.h>

#include <string>
#include <vector>

#include "train/param_groups.h"
#include "train/parameters.h"

namespace mimdet {

/// One trained parameter with what the optimizer knows of it.
struct OptimizerEntry {
  std::string name;
  at::Tensor value;           // the parameter, contiguous float32 on the CPU or any device
  at::Tensor first, second;   // moments, of its shape
  int64_t steps = 0;          // taken: a parameter without a gradient is passed over
  ParamGroup group;
};

class AdamW {
 public:
  /// One entry for each trainable tensor of `parameters`, whose memory it shares.
  AdamW(const Parameters& parameters, const OptimizerOptions& options, int64_t encoder_depth);

  /// One step with the parameters' gradients times `gradient_scale`. `lr_factor` is the schedule's. The result does not depend on the
  /// number of threads.
  void step(double lr_factor, double gradient_scale = 1);

  std::vector<OptimizerEntry>& entries() { return entries_; }
  const std::vector<OptimizerEntry>& entries() const { return entries_; }

 private:
  OptimizerOptions options_;
  std::vector<OptimizerEntry> entries_;
};

}  // namespace mimdet
