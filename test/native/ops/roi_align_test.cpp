// ROIAlign: the reference's numbers, then the CPU kernel against the form made of LibTorch calls.
#include "ops/roi_align.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/full.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>

#include <cmath>
#include <limits>

#include "check.h"
#include "ops/kernels.h"
#include "ops/stored_tensors.h"

using namespace mimdet;

namespace {

at::Tensor random_rois(int64_t count, int64_t pictures, double extent, uint64_t seed, at::ScalarType type) {
  const at::Tensor picture = test::random_tensor({count, 1}, 0, static_cast<double>(pictures), seed + 7, at::kDouble).floor();
  const at::Tensor boxes = test::random_boxes(count, extent, seed, at::kDouble);
  // Some of them shifted, so that they hang over the map's border or lie beside it.
  return at::cat({picture, boxes + test::random_tensor({count, 1}, -extent / 2, extent / 2, seed + 8, at::kDouble)}, 1).to(type);
}

double tolerance(at::ScalarType type) { return type == at::kDouble ? 1e-12 : 1e-5; }

void check_forms(const at::Tensor& features, const at::Tensor& rois, double scale, int64_t bins) {
  const at::Tensor expected = composite::roi_align(features, rois, scale, bins);
  const at::Tensor pooled = roi_align(features, rois, scale, bins);
  CHECK(pooled.sizes() == expected.sizes());
  CHECK(pooled.scalar_type() == features.scalar_type());
  CHECK(test::relative_error(pooled, expected) <= tolerance(features.scalar_type()));
}

}  // namespace

TEST("roi_align: the reference's numbers, boxes inside, outside, tiny, huge, of no size and swapped") {
  if (test::golden("micro/train").empty()) return test::report_skip("no reference data");
  const auto stored = test::stored_tensors("micro/train/roi_align_grad.safetensors");
  for (const std::string type : {"f32", "f64"}) {
    const at::Tensor features = stored.at("input." + type), rois = stored.at("rois." + type),
                     expected = stored.at("output." + type);
    CHECK(test::relative_error(roi_align(features, rois, 0.25, 7), expected) <= tolerance(features.scalar_type()));
    CHECK(test::relative_error(composite::roi_align(features, rois, 0.25, 7), expected) <= tolerance(features.scalar_type()));
  }
}

TEST("roi_align: the CPU kernel and the form of LibTorch calls agree") {
  for (const at::ScalarType type : {at::kFloat, at::kDouble})
    for (const int64_t channels : {1, 3, 8, 21, 64, 150})  // blocks of 64, of one vector, and single channels
      for (const int64_t bins : {1, 7, 14}) {
        const at::Tensor features = test::random_tensor({2, channels, 19, 26}, -1, 1, channels, type);
        const at::Tensor rois = random_rois(25, 2, 26 * 4, channels + bins, type);
        check_forms(features, rois, 0.25, bins);
        check_forms(features.contiguous(at::MemoryFormat::ChannelsLast), rois, 0.25, bins);
        check_forms(features.slice(3, 1, 26, 2), rois, 0.125, bins);  // strided
      }
}

TEST("roi_align: the result has the memory format of the features") {
  const at::Tensor features = test::random_tensor({1, 16, 9, 9}, -1, 1, 1),
                   rois = at::tensor({0.f, 1.f, 1.f, 7.f, 8.f}).view({1, 5});
  CHECK(roi_align(features, rois, 1, 3).is_contiguous());
  const at::Tensor channels_last = roi_align(features.contiguous(at::MemoryFormat::ChannelsLast), rois, 1, 3);
  CHECK(channels_last.is_contiguous(at::MemoryFormat::ChannelsLast));
}

TEST("roi_align: nothing in, nothing out; no box, no cell") {
  const at::Tensor features = test::random_tensor({1, 4, 5, 5}, -1, 1, 1);
  CHECK(roi_align(features, at::zeros({0, 5}), 1, 7).sizes() == at::IntArrayRef({0, 4, 7, 7}));
  CHECK(at::equal(roi_align(at::zeros({1, 4, 0, 5}), at::tensor({0.f, 0.f, 0.f, 3.f, 3.f}).view({1, 5}), 1, 2),
                  at::zeros({1, 4, 2, 2})));
}

TEST("roi_align: boxes beyond all measure cost no more than the map") {
  const at::Tensor features = at::full({1, 8, 20, 30}, 1.0f);
  const float far = 3e38f, nan = std::nanf(""), infinity = std::numeric_limits<float>::infinity();
  const at::Tensor rois =
      at::tensor({0.f, -1e9f, -1e9f, 1e9f, 1e9f, 0.f, -far,      -far, far,      far, 0.f, 0.f,   0.f,   1e30f, 1e30f,
                  0.f, nan,   0.f,   5.f,  5.f,  0.f, -infinity, 0.f,  infinity, 5.f, 0.f, 1e30f, 1e30f, 2e30f, 2e30f})
          .view({-1, 5});
  const at::Tensor pooled = roi_align(features, rois, 0.25, 7);
  CHECK(pooled.isfinite().all().item<bool>());
  CHECK(at::equal(pooled.slice(0, 3), at::zeros({3, 8, 7, 7})));
  CHECK(composite::roi_align(features, rois, 0.25, 7).isfinite().all().item<bool>());
}

TEST("roi_align: half types are summed in float32") {
  const at::Tensor features = test::random_tensor({1, 16, 12, 12}, -1, 1, 1).to(at::kBFloat16);
  const at::Tensor rois = random_rois(10, 1, 48, 3, at::kFloat);
  const at::Tensor pooled = roi_align(features, rois, 0.25, 7);
  CHECK(at::equal(pooled, roi_align(features.to(at::kFloat), rois, 0.25, 7).to(at::kBFloat16)));
}

TEST("roi_align: what cannot be pooled is refused") {
  const at::Tensor features = at::zeros({2, 4, 5, 5}), roi = at::zeros({1, 5});
  CHECK_FAILS(roi_align(features[0], roi, 1, 7), ErrorCode::kInvalidArgument, "`features`");
  CHECK_FAILS(roi_align(features, at::zeros({1, 4}), 1, 7), ErrorCode::kInvalidArgument, "`rois`");
  CHECK_FAILS(roi_align(features, roi, 1, 0), ErrorCode::kInvalidArgument, "`output_size`");
  CHECK_FAILS(roi_align(features, roi, -1, 7), ErrorCode::kInvalidArgument, "`spatial_scale`");
  CHECK_FAILS(roi_align(features, at::full({1, 5}, 2.0f), 1, 7), ErrorCode::kInvalidArgument, "a picture of the batch (0 to 1)");
  CHECK_FAILS(roi_align(features, at::full({1, 5}, -1.0f), 1, 7), ErrorCode::kInvalidArgument, "`rois`");
}
