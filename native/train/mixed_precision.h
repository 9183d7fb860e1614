// The precision of the network's layers while a step runs forward: weights, norms' statistics, losses and the update stay float32.
// Around it: mask_rcnn_losses, and recompute, which runs parts again in the backward pass. LibTorch's autocast does the casting.
#pragma once

#include <c10/core/Device.h>
#include <c10/core/ScalarType.h>

namespace mimdet::train {

/// While it lives, this thread's layers on `device` compute in `dtype`; float32 leaves all as it is. Casts of weights are kept for as long.
class MixedPrecision {
 public:
  MixedPrecision(at::Device device, at::ScalarType dtype);
  ~MixedPrecision();
  MixedPrecision(const MixedPrecision&) = delete;
  MixedPrecision& operator=(const MixedPrecision&) = delete;

  /// What this thread's layers on `device` compute in now.
  static at::ScalarType now(at::Device device);

 private:
  at::DeviceType device_;
  bool on_, on_before_;
  at::ScalarType dtype_before_;
};

}  // namespace mimdet::train
