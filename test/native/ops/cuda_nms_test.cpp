// The arithmetic of the CUDA kernels of NMS, on the host's grid, against the form made of LibTorch calls.
#include "ops/cuda/nms_kernel.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/sort.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>
#include <ATen/ops/zeros_like.h>

#include <algorithm>

#include "check.h"
#include "ops/host_grid.h"
#include "ops/kernels.h"
#include "ops/stored_tensors.h"

using namespace mimdet;

namespace {

// The steps of nms_survivors in ops/cuda/plugin.cpp, with slabs of `slab` rows.
template <class T>
at::Tensor survivors_on_grid(const at::Tensor& boxes, const at::Tensor& classes, double threshold, int64_t slab = 4096) {
  const int64_t pictures = boxes.size(0), count = boxes.size(1), words = (count + cuda::kGroup - 1) / cuda::kGroup;
  std::vector<uint64_t> bits(pictures * std::min(slab, count) * words, ~uint64_t{0}), removed(pictures * words, 0), kept(pictures * words, ~uint64_t{0});
  for (int64_t first = 0; first < count; first += slab) {
    const int64_t rows = std::min(slab, count - first);
    const cuda::NmsOverlaps<T> overlaps{boxes.const_data_ptr<T>(), classes.const_data_ptr<int64_t>(), count, words, first, rows, threshold, bits.data()};
    test::run_grid(overlaps, pictures * rows * words);
    const cuda::NmsWalk walk{bits.data(), words, first, rows, removed.data(), kept.data()};
    for (int64_t picture = pictures; picture-- > 0;) test::run_walk(walk.of(picture));
  }
  const at::Tensor survives = at::empty({pictures, count}, at::kBool);
  test::run_grid(cuda::NmsSurvivors{kept.data(), count, words, survives.data_ptr<bool>()}, survives.numel());
  return survives;
}

template <class T>
at::Tensor nms_on_grid(const at::Tensor& boxes, const at::Tensor& scores, double threshold, int64_t slab) {
  const at::Tensor order = std::get<1>(at::sort(scores, /*stable=*/true, /*dim=*/0, /*descending=*/true));
  const at::Tensor sorted = boxes.index_select(0, order).contiguous().unsqueeze(0);
  return order.masked_select(survivors_on_grid<T>(sorted, at::zeros_like(order).unsqueeze(0), threshold, slab)[0]);
}

at::Tensor nms_on_grid(const at::Tensor& boxes, const at::Tensor& scores, double threshold, int64_t slab = 4096) {
  return boxes.scalar_type() == at::kFloat ? nms_on_grid<float>(boxes, scores, threshold, slab)
                                           : nms_on_grid<double>(boxes, scores, threshold, slab);
}

}  // namespace

TEST("cuda nms: the survivors of the form of LibTorch calls, ties and all") {
  for (const at::ScalarType type : {at::kFloat, at::kDouble})
    for (const int64_t count : {1, 7, 63, 64, 65, 300, 1500})
      for (const double threshold : {0.0, 0.3, 0.7}) {
        const at::Tensor boxes = test::random_boxes(count, 100, count, type);
        const at::Tensor scores = test::random_tensor({count}, 0, 50, count + 9, type).floor();  // few distinct ones
        const at::Tensor expected = composite::nms(boxes, scores, threshold);
        CHECK(at::equal(nms_on_grid(boxes, scores, threshold), expected));
        CHECK(at::equal(nms_on_grid(boxes.t().contiguous().t(), scores, threshold), expected));  // strided
        CHECK(at::equal(nms_on_grid(boxes, scores, threshold, /*slab=*/128), expected));         // memory for few rows
      }
}

TEST("cuda nms: an IoU equal to the threshold stays; a box of no area, or of no number, overlaps nothing") {
  const at::Tensor boxes = at::tensor({0.f, 0.f, 2.f, 1.f, 0.f, 0.f, 1.f, 1.f}).view({2, 4});  // IoU 0.5
  const at::Tensor scores = at::tensor({0.9f, 0.8f});
  CHECK_EQUAL(nms_on_grid(boxes, scores, 0.5).numel(), 2);
  CHECK_EQUAL(nms_on_grid(boxes, scores, 0.4999).numel(), 1);
  CHECK_EQUAL(nms_on_grid(at::zeros({2, 4}) + 5, scores, 0.5).numel(), 2);
  CHECK_EQUAL(nms_on_grid(at::zeros({2, 4}) / 0, scores, 0.5).numel(), 2);
}

TEST("cuda nms: boxes of other pictures and other classes never meet") {
  for (const int64_t count : {1, 64, 65, 700})
    for (const int64_t slab : {128, 4096}) {
      const at::Tensor boxes = test::random_tensor({3 * count, 2}, 0, 60, count, at::kFloat);
      const at::Tensor rows = at::cat({boxes, boxes + test::random_tensor({3 * count, 2}, 1, 30, 3, at::kFloat)}, 1).view({3, count, 4});
      const at::Tensor classes = test::random_tensor({3, count}, 0, 4, 5, at::kFloat).to(at::kLong);
      CHECK(at::equal(survivors_on_grid<float>(rows, classes, 0.4, slab), composite::nms_survivors(rows, classes, 0.4)));
    }
  const at::Tensor same = at::tensor({0.f, 0.f, 9.f, 9.f}).expand({2, 3, 4}).contiguous(), classes = at::tensor({1, 2, 1, 7, 7, 7}, at::kLong).view({2, 3});
  CHECK(at::equal(survivors_on_grid<float>(same, classes, 0.5), at::tensor({1, 1, 0, 1, 0, 0}, at::kLong).view({2, 3}).to(at::kBool)));
}

TEST("cuda nms: nothing in, nothing out") {
  CHECK_EQUAL(nms_on_grid(at::empty({0, 4}), at::empty({0}), 0.5).numel(), 0);
}
