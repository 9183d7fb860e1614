// How fast this machine multiplies: the peak that `mimdet bench` measures stations by, and the first guess of pass_forecast.
#pragma once

#include <c10/core/Device.h>
#include <c10/core/ScalarType.h>

namespace mimdet {

/// Multiply-adds a millisecond of one large matrix product: the best try of our own linear layer and of LibTorch's product,
/// repeated for about so long, at least twice. Compute thread.
double product_rate(at::Device device, at::ScalarType dtype, double measure_ms);

}  // namespace mimdet
