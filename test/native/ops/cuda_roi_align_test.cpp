// The arithmetic of the CUDA kernels of ROIAlign, on the host's grid, against the form made of LibTorch calls.
#include "ops/cuda/roi_align_kernel.h"

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>
#include <ATen/ops/zeros_like.h>

#include <limits>

#include "check.h"
#include "model/roi_pooler.h"
#include "ops/host_grid.h"
#include "ops/kernels.h"
#include "ops/stored_tensors.h"

using namespace mimdet;

namespace {

constexpr auto kChannelsLast = at::MemoryFormat::ChannelsLast;

template <class T>
cuda::Rois<T> rois_of(const at::Tensor& rois, double scale, at::IntArrayRef map, int64_t bins) {
  return {rois.const_data_ptr<T>(), static_cast<T>(scale), map[0], map[1], map[2], map[3], bins};
}

template <class Stored, class T>
at::Tensor pooled_on_grid(const at::Tensor& features, const at::Tensor& rois, double scale, int64_t bins) {
  const at::Tensor maps = features.contiguous(kChannelsLast);
  const at::Tensor pooled = at::empty({rois.size(0), maps.size(1), bins, bins}, maps.options(), kChannelsLast);
  test::run_grid(cuda::RoiAlign<Stored, T>{rois_of<T>(rois, scale, maps.sizes(), bins),
                                           static_cast<const Stored*>(maps.const_data_ptr()),
                                           static_cast<Stored*>(pooled.data_ptr())},
                 pooled.numel());
  return pooled;
}

template <class T>
at::Tensor spread_on_grid(const at::Tensor& grad, const at::Tensor& rois, double scale, at::IntArrayRef map) {
  const at::Tensor grads = grad.contiguous(kChannelsLast), maps = at::empty(map, grad.options(), kChannelsLast).zero_();
  test::run_grid(cuda::RoiAlignBackward<T>{rois_of<T>(rois, scale, map, grad.size(2)), grads.const_data_ptr<T>(),
                                           maps.data_ptr<T>()},
                 grads.numel());
  return maps;
}

at::Tensor random_rois(int64_t count, double extent, uint64_t seed, at::ScalarType type) {
  const at::Tensor picture = test::random_tensor({count, 1}, 0, 2, seed + 7, at::kDouble).floor();
  const at::Tensor boxes = test::random_boxes(count, extent, seed, at::kDouble);
  return at::cat({picture, boxes + test::random_tensor({count, 1}, -extent / 2, extent / 2, seed + 8, at::kDouble)}, 1).to(type);
}

template <class T>
void check_both_ways(const at::Tensor& features, const at::Tensor& rois, double scale, int64_t bins, double tolerance) {
  const at::Tensor expected = composite::roi_align(features, rois, scale, bins);
  CHECK((test::relative_error(pooled_on_grid<T, T>(features, rois, scale, bins), expected)) <= tolerance);
  const at::Tensor grad = test::random_tensor(expected.sizes(), -1, 1, 5, features.scalar_type());
  CHECK(test::relative_error(spread_on_grid<T>(grad, rois, scale, features.sizes()),
                             composite::roi_align_backward(grad, rois, scale, features.sizes())) <= tolerance);
}

}  // namespace

TEST("cuda roi_align: forward and backward agree with the form of LibTorch calls") {
  for (const int64_t channels : {1, 3, 32})
    for (const int64_t bins : {1, 7, 14}) {
      const at::Tensor features = test::random_tensor({2, channels, 19, 26}, -1, 1, channels, at::kDouble);
      const at::Tensor rois = random_rois(25, 26 * 4, channels + bins, at::kDouble);
      check_both_ways<double>(features, rois, 0.25, bins, 1e-12);
      check_both_ways<float>(features.to(at::kFloat), rois.to(at::kFloat), 0.25, bins, 1e-5);
      check_both_ways<float>(features.to(at::kFloat).slice(3, 1, 26, 2), rois.to(at::kFloat), 0.125, bins, 1e-5);  // strided
    }
}

TEST("cuda roi_align: bfloat16 features are summed in float32 and rounded once") {
  const at::Tensor features = test::random_tensor({2, 8, 19, 26}, -1, 1, 3).to(at::kBFloat16);
  const at::Tensor rois = random_rois(25, 26 * 4, 4, at::kFloat);
  const at::Tensor wide = pooled_on_grid<float, float>(features.to(at::kFloat), rois, 0.25, 7);
  CHECK(at::equal(pooled_on_grid<cuda::Bfloat16, float>(features, rois, 0.25, 7), wide.to(at::kBFloat16)));
}

TEST("cuda roi_align: swapped, endless and foreign boxes give zeros, one beyond all measure no more work than the map") {
  const float endless = std::numeric_limits<float>::infinity();
  const at::Tensor features = test::random_tensor({1, 2, 9, 12}, 0.5, 1, 1);
  const at::Tensor nothing = at::tensor({0.f, 5.f, 5.f, 2.f, 2.f, 0.f, 0.f, 0.f, endless, 3.f, 1.f, 0.f, 0.f, 8.f, 8.f,
                                         -1.f, 0.f, 0.f, 8.f, 8.f, 0.f, 3.f, 3.f, 3.f, 3.f})
                                 .view({5, 5});
  CHECK(at::equal(pooled_on_grid<float, float>(features, nothing, 1, 3), at::zeros({5, 2, 3, 3})));
  const at::Tensor large = at::tensor({0.f, -4e6f, -4e6f, 5e6f, 6e6f}).view({1, 5});
  CHECK((test::relative_error(pooled_on_grid<float, float>(features, large, 1, 2),
                              composite::roi_align(features, large, 1, 2))) <= 1e-5);
}

TEST("cuda roi_align: boxes of all levels in one go are those of each level alone") {
  at::NoGradGuard no_grad;
  const int64_t channels = 6, bins = 7;
  Pyramid pyramid;
  for (int64_t level = 0; level < 5; ++level)
    pyramid.at(level) = test::random_tensor({2, channels, 200 >> level, 260 >> level}, -1, 1, level, at::kFloat).contiguous(kChannelsLast);
  const at::Tensor sides = test::random_tensor({80, 1}, 2, 6.6, 4, at::kFloat).exp(), corners = test::random_tensor({80, 2}, 0, 400, 5, at::kFloat);
  const at::Tensor boxes = at::cat({corners, corners + sides}, 1), rois = at::cat({at::zeros({80, 1}), boxes}, 1), levels = roi_levels(boxes) - 2;
  CHECK_EQUAL(levels.min().item<int64_t>(), 0);
  CHECK_EQUAL(levels.max().item<int64_t>(), 3);
  cuda::RoiAlignLevels<float, float> work{rois.const_data_ptr<float>(), levels.const_data_ptr<int64_t>(), 2, channels, bins, 4, {}, nullptr};
  for (int64_t level = 0; level < 4; ++level)
    work.maps[level] = {pyramid.at(level).const_data_ptr<float>(), 1.f / static_cast<float>(4 << level), 200 >> level, 260 >> level};
  const at::Tensor pooled = at::empty({80, channels, bins, bins}, at::TensorOptions(at::kFloat), kChannelsLast);
  work.pooled = pooled.data_ptr<float>();
  test::run_grid(work, pooled.numel());
  CHECK(test::relative_error(pooled, pool_rois(pyramid, {boxes, at::empty({0, 4})}, bins)) <= 1e-5);
  const at::Tensor nowhere = levels.clone().fill_(INT64_MIN);  // of a box without a size that is a number
  work.levels = nowhere.const_data_ptr<int64_t>();
  test::run_grid(work, pooled.numel());
  CHECK(at::equal(pooled, at::zeros_like(pooled)));
}

TEST("cuda roi_align: no box, nothing to do") {
  CHECK((pooled_on_grid<float, float>(at::zeros({1, 4, 5, 5}), at::zeros({0, 5}), 1, 7).sizes() == at::IntArrayRef({0, 4, 7, 7})));
}
