#include "compare.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/linalg_vector_norm.h>
#include <ATen/ops/tensor.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace mimdet::parity {
namespace {

constexpr double kFar = std::numeric_limits<double>::infinity();

double norm(const at::Tensor& x) { return at::linalg_vector_norm(x).item<double>(); }

/// Our box nearest to the stored one that nobody has taken: its index, or -1 if none lies within the tolerance.
int64_t nearest(const float* stored, const float* boxes, int64_t count, const std::vector<bool>& taken, const auto& same_class, double& distance) {
  int64_t best = -1;
  distance = kBoxTolerance * 1.0000001;
  for (int64_t i = 0; i < count; ++i) {
    if (taken[i] || !same_class(i)) continue;
    double furthest = 0;
    for (int edge = 0; edge < 4; ++edge) furthest = std::max(furthest, std::abs(double(stored[edge]) - double(boxes[4 * i + edge])));
    if (furthest < distance) {
      distance = furthest;
      best = i;
    }
  }
  return best;
}

int64_t count_swaps(const std::vector<int64_t>& order, const float* values) {
  int64_t swaps = 0;
  for (size_t i = 0; i < order.size(); ++i)
    for (size_t k = i + 1; k < order.size(); ++k)
      if (order[i] >= 0 && order[k] >= 0 && order[i] > order[k] && std::abs(values[i] - values[k]) >= kSwapGap) ++swaps;
  return swaps;
}

}  // namespace

double relative_error(const at::Tensor& ours, const at::Tensor& theirs) {
  if (ours.sizes() != theirs.sizes()) return kFar;
  if (ours.numel() == 0) return 0;
  const at::Tensor a = ours.cpu().to(at::kDouble), b = theirs.to(at::kDouble);
  const double difference = norm(a - b), size = norm(b);
  const double error = size > 0 ? difference / size : difference;
  return std::isfinite(error) ? error : kFar;
}

double count_unequal(const at::Tensor& ours, const at::Tensor& theirs) {
  if (ours.sizes() != theirs.sizes()) return static_cast<double>(std::max<int64_t>(1, theirs.numel()));
  return static_cast<double>(ours.cpu().to(theirs.scalar_type()).ne(theirs).sum().item<int64_t>());
}

at::Tensor BoxMatch::order_tensor() const { return at::tensor(order, at::kLong); }

BoxMatch match_boxes(const at::Tensor& boxes, const at::Tensor& values, const at::Tensor& classes, const at::Tensor& stored_boxes,
                     const at::Tensor& stored_values, const at::Tensor& stored_classes) {
  const auto prepare = [](const at::Tensor& x) { return x.cpu().to(at::kFloat).contiguous(); };
  const at::Tensor b = prepare(boxes), v = prepare(values), sb = prepare(stored_boxes), sv = prepare(stored_values);
  const at::Tensor c = classes.defined() ? prepare(classes) : v, sc = classes.defined() ? prepare(stored_classes) : sv;
  BoxMatch match;
  std::vector<bool> taken(static_cast<size_t>(b.size(0)), false);
  for (int64_t i = 0; i < sb.size(0); ++i) {
    const auto same_class = [&](int64_t k) { return !classes.defined() || c.const_data_ptr<float>()[k] == sc.const_data_ptr<float>()[i]; };
    double distance = 0;
    const int64_t found = nearest(sb.const_data_ptr<float>() + 4 * i, b.const_data_ptr<float>(), b.size(0), taken, same_class, distance);
    match.order.push_back(found);
    if (found < 0) continue;
    taken[static_cast<size_t>(found)] = true;
    match.box_error = std::max(match.box_error, distance);
    match.value_error = std::max(match.value_error, double(std::abs(v.const_data_ptr<float>()[found] - sv.const_data_ptr<float>()[i])));
  }
  match.unmatched = std::count(match.order.begin(), match.order.end(), -1) + std::count(taken.begin(), taken.end(), false);
  match.out_of_order = count_swaps(match.order, sv.const_data_ptr<float>());
  return match;
}

}  // namespace mimdet::parity
