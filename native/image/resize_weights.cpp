#include "image/resize_weights.h"

#include <algorithm>
#include <cmath>

namespace mimdet {
namespace {

double triangle(double x) { return std::max(0.0, 1.0 - std::abs(x)); }

int64_t round_up(int64_t value, int64_t multiple) { return (value + multiple - 1) / multiple * multiple; }

int32_t to_fixed(double weight) { return static_cast<int32_t>(0.5 + weight * (1 << kWeightBits)); }

int32_t pair(int32_t first, int32_t second) { return (second << 16) | first; }

std::vector<int32_t> split_into_pairs(const std::vector<int32_t>& weights) {
  const auto high = [&](size_t i) { return weights[i] >> kLowBits; };
  const auto low = [&](size_t i) { return weights[i] & ((1 << kLowBits) - 1); };
  std::vector<int32_t> pairs(weights.size());
  for (size_t i = 0; i < weights.size(); i += 4) {
    pairs[i] = pair(high(i), high(i + 1));
    pairs[i + 1] = pair(high(i + 2), high(i + 3));
    pairs[i + 2] = pair(low(i), low(i + 1));
    pairs[i + 3] = pair(low(i + 2), low(i + 3));
  }
  return pairs;
}

}  // namespace

AxisWeights triangle_weights(int64_t in_length, int64_t out_length) {
  const double scale = static_cast<double>(in_length) / static_cast<double>(out_length);
  const double support = std::max(scale, 1.0);  // half width of the filter, input pixels
  AxisWeights axis;
  axis.stride = round_up(static_cast<int64_t>(std::ceil(support)) * 2 + 1, 4);
  axis.first.resize(out_length);
  axis.count.resize(out_length);
  axis.weights.assign(out_length * axis.stride, 0);
  std::vector<double> raw(axis.stride);
  for (int64_t out = 0; out < out_length; ++out) {
    const double centre = (out + 0.5) * scale;
    const auto first = std::max<int64_t>(0, static_cast<int64_t>(centre - support + 0.5));
    const auto end = std::min(in_length, static_cast<int64_t>(centre + support + 0.5));
    double sum = 0;
    for (int64_t in = first; in < end; ++in) {
      raw[in - first] = triangle((in - centre + 0.5) * (1.0 / support));
      sum += raw[in - first];
    }
    axis.first[out] = first;
    axis.count[out] = end - first;
    for (int64_t k = 0; k < end - first; ++k)
      axis.weights[out * axis.stride + k] = to_fixed(sum != 0 ? raw[k] / sum : raw[k]);
  }
  axis.pairs = split_into_pairs(axis.weights);
  return axis;
}

}  // namespace mimdet
