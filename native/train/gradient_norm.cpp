// See gradient_norm.h.
#include "train/gradient_norm.h"

#include <ATen/Parallel.h>
#include <ATen/ops/linalg_vector_norm.h>
#include <ATen/ops/stack.h>

#include <algorithm>
#include <cmath>

namespace mimdet {
namespace {

constexpr int64_t kBlock = 1 << 14;  // numbers added up by one thread; fixed, so that the order of the sum is

double sum_of_squares(const float* values, int64_t count) {
  double lanes[8] = {};
  const int64_t whole = count / 8 * 8;
  for (int64_t i = 0; i < whole; i += 8)
    for (int64_t lane = 0; lane < 8; ++lane) lanes[lane] += static_cast<double>(values[i + lane]) * values[i + lane];
  double sum = 0;
  for (const double lane : lanes) sum += lane;
  for (int64_t i = whole; i < count; ++i) sum += static_cast<double>(values[i]) * values[i];
  return sum;
}

double sum_of_squares(const at::Tensor& gradient) {
  const at::Tensor flat = gradient.detach().to(at::kFloat).contiguous();
  const float* values = flat.const_data_ptr<float>();
  const int64_t count = flat.numel(), blocks = (count + kBlock - 1) / kBlock;
  std::vector<double> sums(static_cast<size_t>(blocks));
  at::parallel_for(0, blocks, 4, [&](int64_t begin, int64_t end) {
    for (int64_t block = begin; block < end; ++block)
      sums[static_cast<size_t>(block)] = sum_of_squares(values + block * kBlock, std::min(kBlock, count - block * kBlock));
  });
  double sum = 0;
  for (const double each : sums) sum += each;
  return sum;
}

}  // namespace

double gradient_norm_anywhere(const std::vector<at::Tensor>& gradients) {
  std::vector<at::Tensor> norms;
  for (const at::Tensor& gradient : gradients)
    if (gradient.defined()) norms.push_back(at::linalg_vector_norm(gradient.detach(), 2, std::nullopt, false, at::kDouble));
  return norms.empty() ? 0 : at::linalg_vector_norm(at::stack(norms)).item<double>();
}

double gradient_norm(const std::vector<at::Tensor>& gradients) {
  const bool elsewhere = std::ranges::any_of(gradients, [](const at::Tensor& each) { return each.defined() && !each.is_cpu(); });
  if (elsewhere) return gradient_norm_anywhere(gradients);
  double sum = 0;
  for (const at::Tensor& gradient : gradients)
    if (gradient.defined()) sum += sum_of_squares(gradient);
  return std::sqrt(sum);
}

double clip_scale(double norm, double most) { return most > 0 ? std::min(1.0, most / (norm + 1e-6)) : 1.0; }

}  // namespace mimdet
