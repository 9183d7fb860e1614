// The gradient of ROIAlign: the reference's numbers, finite differences, LibTorch's own way through the form of its calls.
#include <ATen/TensorOperators.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/ones_like.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>

#include <cmath>

#include "check.h"
#include "model/roi_pooler.h"
#include "ops/kernels.h"
#include "ops/roi_align.h"
#include "ops/stored_tensors.h"
#include "threads.h"

using namespace mimdet;

namespace {

double tolerance(at::ScalarType type) { return type == at::kDouble ? 1e-12 : 1e-5; }

at::Tensor random_rois(int64_t count, int64_t pictures, double extent, uint64_t seed, at::ScalarType type) {
  const at::Tensor picture = test::random_tensor({count, 1}, 0, static_cast<double>(pictures), seed + 7, at::kDouble).floor();
  return at::cat({picture, test::random_boxes(count, extent, seed, at::kDouble) - 0.1 * extent}, 1).to(type);
}

template <class Pool>
at::Tensor gradient(const at::Tensor& features, const at::Tensor& output_grad, Pool pool) {
  const at::Tensor leaf = features.detach().clone().requires_grad_();
  pool(leaf).backward(output_grad);
  return leaf.grad();
}

}  // namespace

TEST("roi_align gradient: the reference's numbers, boxes inside, outside, tiny, huge, of no size and swapped") {
  if (test::golden("micro/train").empty()) return test::report_skip("no reference data");
  const auto stored = test::stored_tensors("micro/train/roi_align_grad.safetensors");
  for (const std::string type : {"f32", "f64"}) {
    const at::Tensor features = stored.at("input." + type), rois = stored.at("rois." + type),
                     grad = stored.at("output_grad." + type), expected = stored.at("input_grad." + type);
    const double limit = tolerance(features.scalar_type());
    CHECK(test::relative_error(gradient(features, grad, [&](const at::Tensor& x) { return roi_align(x, rois, 0.25, 7); }),
                               expected) <= limit);
    CHECK(test::relative_error(composite::roi_align_backward(grad, rois, 0.25, features.sizes()), expected) <= limit);
  }
}

TEST("roi_align gradient: the kernel, the form of LibTorch calls, and LibTorch's way through its forward agree") {
  for (const at::ScalarType type : {at::kFloat, at::kDouble})
    for (const int64_t channels : {1, 3, 8, 21, 64, 150})
      for (const int64_t bins : {1, 7, 14}) {
        const at::Tensor features = test::random_tensor({2, channels, 19, 26}, -1, 1, channels, type);
        const at::Tensor rois = random_rois(25, 2, 26 * 4, channels + bins, type);
        const at::Tensor grad = test::random_tensor({25, channels, bins, bins}, -1, 1, 5, type);
        const at::Tensor expected =
            gradient(features, grad, [&](const at::Tensor& x) { return composite::roi_align(x, rois, 0.25, bins); });
        const auto near = [&](const at::Tensor& actual) { return test::relative_error(actual, expected) <= tolerance(type); };
        CHECK(near(gradient(features, grad, [&](const at::Tensor& x) { return roi_align(x, rois, 0.25, bins); })));
        CHECK(near(cpu::roi_align_backward(grad.contiguous(at::MemoryFormat::ChannelsLast), rois, 0.25, features.sizes())));
        CHECK(near(composite::roi_align_backward(grad, rois, 0.25, features.sizes())));
      }
}

TEST("roi_align gradient: finite differences in float64") {
  const at::Tensor features = test::random_tensor({2, 3, 6, 7}, -1, 1, 1, at::kDouble),
                   rois = random_rois(9, 2, 28, 2, at::kDouble);
  const at::Tensor weights = test::random_tensor({9, 3, 4, 4}, -1, 1, 3, at::kDouble);
  const auto value = [&](const at::Tensor& x) { return (roi_align(x, rois, 0.25, 4) * weights).sum(); };
  const at::Tensor leaf = features.clone().requires_grad_();
  value(leaf).backward();
  constexpr double kStep = 1e-4;
  at::Tensor numeric = at::zeros(features.sizes(), at::kDouble);
  for (int64_t i = 0; i < features.numel(); ++i) {
    at::Tensor more = features.clone(), less = features.clone();
    more.data_ptr<double>()[i] += kStep;
    less.data_ptr<double>()[i] -= kStep;
    numeric.data_ptr<double>()[i] = (value(more) - value(less)).item<double>() / (2 * kStep);
  }
  CHECK(test::relative_error(leaf.grad(), numeric) < 1e-9);
}

TEST("roi_align gradient: the same bits with any number of threads") {
  const at::Tensor rois = random_rois(200, 2, 120, 2, at::kFloat), grad = test::random_tensor({200, 70, 7, 7}, -1, 1, 3);
  const auto gradient_with = [&](int count) {
    const test::Threads threads(count);
    return cpu::roi_align_backward(grad, rois, 0.25, {2, 70, 30, 30});
  };
  CHECK(at::equal(gradient_with(4), gradient_with(1)));
}

TEST("roi_align gradient: nothing in, nothing out; boxes beyond all measure; half types") {
  CHECK(at::equal(cpu::roi_align_backward(at::zeros({0, 4, 7, 7}), at::zeros({0, 5}), 1, {1, 4, 5, 5}), at::zeros({1, 4, 5, 5})));
  const at::Tensor rois = at::tensor({0.f, -1e9f, -1e9f, 1e9f, 1e9f, 0.f, -3e38f, -3e38f, 3e38f, 3e38f,
                                      0.f, NAN,   0.f,   5.f,  5.f,  0.f, 1e30f,  0.f,    2e30f, 5.f})
                              .view({4, 5});
  const at::Tensor grad = test::random_tensor({4, 8, 7, 7}, -1, 1, 3);
  CHECK(cpu::roi_align_backward(grad, rois, 0.25, {1, 8, 20, 30}).isfinite().all().item<bool>());
  CHECK(composite::roi_align_backward(grad, rois, 0.25, {1, 8, 20, 30}).isfinite().all().item<bool>());
  const at::Tensor half = test::random_tensor({1, 16, 12, 12}, -1, 1, 1).to(at::kBFloat16),
                   few = random_rois(10, 1, 48, 3, at::kFloat);
  const at::Tensor half_grad = test::random_tensor({10, 16, 7, 7}, -1, 1, 2).to(at::kBFloat16);
  const at::Tensor back = gradient(half, half_grad, [&](const at::Tensor& x) { return roi_align(x, few, 0.25, 7); });
  CHECK(at::equal(back, cpu::roi_align_backward(half_grad.to(at::kFloat), few, 0.25, half.sizes()).to(at::kBFloat16)));
}

TEST("pool_rois gradient: the reference's numbers over four levels") {
  if (test::golden("micro/train").empty()) return test::report_skip("no reference data");
  const auto stored = test::stored_tensors("micro/train/roi_pooler.safetensors");
  for (const at::MemoryFormat format : {at::MemoryFormat::Contiguous, at::MemoryFormat::ChannelsLast}) {
    Pyramid pyramid;
    for (int level = 2; level <= 5; ++level)
      pyramid[level - 2] = stored.at("p" + std::to_string(level)).clone(format).requires_grad_();
    CHECK(at::equal(roi_levels(stored.at("boxes")), stored.at("level")));
    const at::Tensor pooled = pool_rois(pyramid, {stored.at("boxes")}, 7);
    CHECK(test::relative_error(pooled, stored.at("output")) <= 1e-5);
    pooled.backward(stored.at("output_grad"));
    for (int level = 2; level <= 5; ++level)
      CHECK(test::relative_error(pyramid[level - 2].grad(), stored.at("p" + std::to_string(level) + "_grad")) <= 1e-5);
  }
}
