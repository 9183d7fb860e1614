#include "inference/product_rate.h"

#include <ATen/ops/mm.h>
#include <ATen/ops/rand.h>

#include <algorithm>
#include <limits>

#include "base/stopwatch.h"
#include "ops/layer_precision.h"
#include "ops/linear.h"

namespace mimdet {
namespace {

// Large enough for the full rate, small enough for the second cache of a few cores, as a layer's operands are.
constexpr int64_t kCpuSide = 768, kGpuSide = 4096;
constexpr int64_t kCpuSideOfHalf = 1536;  // where half the precision is several times as quick, smaller ones are over before they are under way

/// On a GPU, reading one number waits for the product.
void wait_for(const at::Tensor& product) { (void)product.select(0, 0).select(0, 0).item<double>(); }

}  // namespace

double product_rate(at::Device device, at::ScalarType dtype, double measure_ms) {
  const int64_t side = !device.is_cpu() ? kGpuSide : dtype == at::kFloat ? kCpuSide : kCpuSideOfHalf;
  const auto options = at::TensorOptions().device(device).dtype(layer_dtype(dtype));
  const at::Tensor x = at::rand({side, side}, options), weight = at::rand({side, side}, options);
  const PackedLinear layer(weight, {}, Activation::kNone, weight_form(dtype));
  double best_ms = std::numeric_limits<double>::infinity();
  Stopwatch whole;
  double spent_ms = 0;
  for (int tries = 0; tries < 2 || spent_ms < measure_ms; ++tries) {
    Stopwatch watch;
    wait_for(layer(x));
    const double ours_ms = watch.lap_ms();
    wait_for(at::mm(x, weight));
    best_ms = std::min({best_ms, ours_ms, watch.lap_ms()});
    spent_ms += whole.lap_ms();
  }
  return static_cast<double>(side * side * side) / best_ms;
}

}  // namespace mimdet
