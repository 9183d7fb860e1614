#include "train/mixed_precision.h"

#include <ATen/autocast_mode.h>

namespace mimdet::train {

namespace autocast = at::autocast;

MixedPrecision::MixedPrecision(at::Device device, at::ScalarType dtype)
    : device_(device.type()),
      on_(dtype != at::kFloat),
      on_before_(autocast::is_autocast_enabled(device_)),
      dtype_before_(autocast::get_autocast_dtype(device_)) {
  if (!on_) return;
  autocast::set_autocast_enabled(device_, true);
  autocast::set_autocast_dtype(device_, dtype);
  autocast::increment_nesting();
}

MixedPrecision::~MixedPrecision() {
  if (!on_) return;
  if (autocast::decrement_nesting() == 0) autocast::clear_cache();  // the weights are about to change
  autocast::set_autocast_dtype(device_, dtype_before_);
  autocast::set_autocast_enabled(device_, on_before_);
}

at::ScalarType MixedPrecision::now(at::Device device) {
  return autocast::is_autocast_enabled(device.type()) ? autocast::get_autocast_dtype(device.type()) : at::kFloat;
}

}  // namespace mimdet::train
