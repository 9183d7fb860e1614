// NMS: the CPU kernel against the rule said plainly, and against the form made of LibTorch calls.
#include "ops/nms.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/full.h>
#include <ATen/ops/tensor.h>

#include "check.h"
#include "ops/kernels.h"
#include "ops/stored_tensors.h"

using namespace mimdet;

namespace {

at::Tensor boxes_of(const std::vector<float>& numbers) { return at::tensor(numbers).view({-1, 4}); }

at::Tensor indices(const std::vector<int64_t>& numbers) { return at::tensor(numbers, at::kLong); }

at::Tensor random_classes(int64_t count, int64_t classes, uint64_t seed) {
  return test::random_tensor({count}, 0, static_cast<double>(classes), seed, at::kDouble).to(at::kLong);
}

}  // namespace

TEST("nms: the better of two that overlap stays, best first") {
  const at::Tensor boxes = boxes_of({0, 0, 10, 10, 1, 0, 11, 10, 50, 50, 60, 60});
  CHECK(at::equal(nms(boxes, at::tensor({0.5f, 0.9f, 0.1f}), 0.5), indices({1, 2})));
  CHECK(at::equal(nms(boxes, at::tensor({0.5f, 0.9f, 0.1f}), 0.9), indices({1, 0, 2})));
}

TEST("nms: an IoU equal to the threshold stays, equal scores keep their order") {
  const at::Tensor boxes = boxes_of({0, 0, 2, 1, 0, 0, 1, 1, 0, 0, 2, 1});  // IoU of the first two is 0.5
  CHECK(at::equal(nms(boxes, at::full({3}, 0.5f), 0.5), indices({0, 1})));
  CHECK(at::equal(nms(boxes, at::full({3}, 0.5f), 0.4999), indices({0})));
  // As a float32, 0.1 lies above the double 0.1, which is what the IoU is compared with.
  const at::Tensor tenth = boxes_of({0, 0, 10, 1, 0, 0, 1, 1});
  CHECK(at::equal(nms(tenth, at::tensor({0.9f, 0.8f}), 0.1), indices({0})));
  CHECK(at::equal(nms(tenth.to(at::kDouble), at::tensor({0.9, 0.8}), 0.1), indices({0, 1})));
}

TEST("nms: boxes of no area overlap nothing, no box at all is no result") {
  const at::Tensor point = boxes_of({5, 5, 5, 5, 5, 5, 5, 5});
  CHECK(at::equal(nms(point, at::tensor({0.9f, 0.8f}), 0.5), indices({0, 1})));
  CHECK_EQUAL(nms(at::empty({0, 4}), at::empty({0}), 0.5).numel(), 0);
  CHECK_EQUAL(batched_nms(at::empty({0, 4}), at::empty({0}), at::empty({0}, at::kLong), 0.5).numel(), 0);
}

TEST("nms: the CPU kernel and the form of LibTorch calls agree") {
  for (const at::ScalarType type : {at::kFloat, at::kDouble})
    for (const int64_t count : {1, 7, 300, 1500})
      for (uint64_t seed = 0; seed < 3; ++seed) {
        const at::Tensor boxes = test::random_boxes(count, 100, seed, type);
        // Few distinct scores, so that ties are many.
        const at::Tensor scores = (test::random_tensor({count}, 0, 50, seed + 9, type)).floor();
        for (const double threshold : {0.0, 0.3, 0.7}) {
          const at::Tensor expected = composite::nms(boxes, scores, threshold);
          CHECK(at::equal(nms(boxes, scores, threshold), expected));
          CHECK(at::equal(nms(boxes.t().contiguous().t(), scores, threshold), expected));  // strided
        }
      }
}

TEST("batched_nms: classes do not see one another, few boxes or many") {
  for (const int64_t count : {40, 1000, 1001, 3000}) {  // up to 1,000 boxes are shifted apart, more go class by class
    const at::Tensor boxes = test::random_boxes(count, 200, 3, at::kDouble),
                     scores = test::random_tensor({count}, 0, 1, 4, at::kDouble);
    const at::Tensor classes = random_classes(count, 5, 5);
    const at::Tensor kept = batched_nms(boxes, scores, classes, 0.3);
    at::Tensor expected = at::full({count}, false, at::kBool);
    for (int64_t id = 0; id < 5; ++id) {
      const at::Tensor members = (classes == id).nonzero().squeeze(1);
      const at::Tensor survivors = composite::nms(boxes.index_select(0, members), scores.index_select(0, members), 0.3);
      expected.index_fill_(0, members.index_select(0, survivors), true);
    }
    CHECK(at::equal(std::get<0>(kept.sort()), expected.nonzero().squeeze(1)));
    const at::Tensor kept_scores = scores.index_select(0, kept);
    CHECK((kept_scores.slice(0, 1) <= kept_scores.slice(0, 0, -1)).all().item<bool>());
  }
}

TEST("nms: what is no list of boxes is refused") {
  CHECK_FAILS(nms(at::empty({2, 5}), at::empty({2}), 0.5), ErrorCode::kInvalidArgument,
              "shape (any, 4) for `boxes_xyxy` but received (2, 5)");
  CHECK_FAILS(nms(at::empty({2, 4}), at::empty({3}), 0.5), ErrorCode::kInvalidArgument, "`scores`");
  CHECK_FAILS(nms(at::empty({2, 4}), at::empty({2}, at::kDouble), 0.5), ErrorCode::kInvalidArgument, "`scores`");
  CHECK_FAILS(nms(at::empty({2, 4}, at::kLong), at::empty({2}, at::kLong), 0.5), ErrorCode::kInvalidArgument,
              "float32 or float64");
  CHECK_FAILS(batched_nms(at::empty({2, 4}), at::empty({2}), at::empty({1}, at::kLong), 0.5), ErrorCode::kInvalidArgument,
              "`classes`");
}
