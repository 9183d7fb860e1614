// The arithmetic of the CUDA kernels of NMS, on the host's grid, against the form made of LibTorch calls.
#include "ops/cuda/nms_kernel.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/sort.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>

#include <algorithm>

#include "check.h"
#include "ops/host_grid.h"
#include "ops/kernels.h"
#include "ops/stored_tensors.h"

using namespace mimdet;

namespace {

// The steps of nms in ops/cuda/plugin.cpp, with slabs of `slab` rows.
template <class T>
at::Tensor nms_on_grid(const at::Tensor& boxes, const at::Tensor& scores, double threshold, int64_t slab) {
  const at::Tensor order = std::get<1>(at::sort(scores, /*stable=*/true, /*dim=*/0, /*descending=*/true));
  const at::Tensor sorted = boxes.index_select(0, order).contiguous();
  const int64_t count = order.numel(), words = (count + cuda::kGroup - 1) / cuda::kGroup;
  std::vector<uint64_t> bits(std::min(slab, count) * words, ~uint64_t{0}), removed(words, 0), kept(words, ~uint64_t{0});
  for (int64_t first = 0; first < count; first += slab) {
    const int64_t rows = std::min(slab, count - first);
    const cuda::NmsOverlaps<T> overlaps{sorted.const_data_ptr<T>(), count, words, first, threshold, bits.data()};
    test::run_grid(overlaps, rows * words);
    test::run_walk({bits.data(), words, first, rows, removed.data(), kept.data()});
  }
  const at::Tensor survives = at::empty({count}, at::kBool);
  test::run_grid(cuda::NmsSurvivors{kept.data(), survives.data_ptr<bool>()}, count);
  return order.masked_select(survives);
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

TEST("cuda nms: nothing in, nothing out") {
  CHECK_EQUAL(nms_on_grid(at::empty({0, 4}), at::empty({0}), 0.5).numel(), 0);
}
