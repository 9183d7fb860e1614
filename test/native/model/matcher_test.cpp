// Which object an anchor or proposal stands for: by hand, against the reference, and where there is no object.
#include "model/matcher.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/where.h>

#include "check.h"
#include "model/stored_step.h"
#include "ops/stored_tensors.h"

using namespace mimdet;

namespace {

at::Tensor boxes_of(const std::vector<float>& numbers) { return at::tensor(numbers).view({-1, 4}); }
at::Tensor integers(const std::vector<int64_t>& numbers) { return at::tensor(numbers, at::kLong); }

/// The rule said with whole matrices.
Matches plain_anchor_matches(const at::Tensor& objects, const at::Tensor& anchors) {
  const at::Tensor iou = pairwise_iou(objects, anchors);
  const auto [best, object] = iou.max(0);
  at::Tensor labels = at::where(best >= 0.7f, 1, at::where(best < 0.3f, 0, -1)).to(at::kLong);
  const at::Tensor best_of_object = std::get<0>(iou.max(1, true));
  labels.masked_fill_((iou == best_of_object).logical_and(best_of_object > 0).any(0), 1);
  return {object, labels};
}

}  // namespace

TEST("pairwise_iou: halves, nothing shared, no area") {
  const at::Tensor iou = pairwise_iou(boxes_of({0, 0, 2, 1}), boxes_of({0, 0, 1, 1, 2, 0, 3, 1, 1, 0, 1, 1, 0, 0, 2, 1}));
  CHECK(at::equal(iou, at::tensor({0.5f, 0.f, 0.f, 1.f}).view({1, 4})));
  CHECK(pairwise_iou(at::empty({0, 4}), boxes_of({0, 0, 1, 1})).sizes() == at::IntArrayRef({0, 1}));
}

TEST("match_anchors: thresholds, and what lies between them is ignored") {
  const at::Tensor object = boxes_of({0, 0, 10, 10});
  const Matches matches =
      match_anchors(object, boxes_of({0, 0, 10, 10, 0, 0, 10, 7, 0, 0, 10, 6.9f, 0, 0, 10, 3, 0, 0, 10, 2.9f}));
  CHECK(at::equal(matches.labels, integers({1, 1, -1, -1, 0})));
}

TEST("match_anchors: every object gets its best anchors, equals too; they keep their own best object as target") {
  // Both anchors are the best of object 0 (IoU 0.25 each); the second one overlaps object 1 more.
  const at::Tensor objects = boxes_of({0, 0, 10, 10, 10, 0, 15, 10});
  const Matches matches = match_anchors(objects, boxes_of({0, 0, 10, 2.5f, 7.5f, 0, 15, 10, 0, 5, 2, 7}));
  CHECK(at::equal(matches.labels, integers({1, 1, 0})));
  CHECK(at::equal(matches.objects, integers({0, 1, 0})));
}

TEST("matcher: without objects all is background") {
  const Matches anchors = match_anchors(at::empty({0, 4}), boxes_of({0, 0, 10, 10, 0, 0, 1, 1}));
  CHECK(at::equal(anchors.labels, integers({0, 0})));
  CHECK(at::equal(anchors.objects, integers({0, 0})));
  CHECK(at::equal(match_proposals(at::empty({0, 4}), boxes_of({0, 0, 10, 10})).labels, integers({0})));
  CHECK_EQUAL(match_anchors(boxes_of({0, 0, 1, 1}), at::empty({0, 4})).labels.numel(), 0);
}

TEST("match_anchors: an object that no anchor touches takes none") {
  CHECK(at::equal(match_anchors(boxes_of({50, 50, 60, 60, 5, 5, 5, 5}), boxes_of({0, 0, 10, 10})).labels, integers({0})));
}

TEST("match_anchors: blocks and threads give what the whole matrix gives") {
  for (const int64_t count : {1, 511, 512, 513, 9000})
    for (const int64_t objects : {1, 7, 40}) {
      const at::Tensor anchors = test::random_boxes(count, 300, 1), truth = test::random_boxes(objects, 300, 2);
      const Matches matches = match_anchors(truth, anchors), expected = plain_anchor_matches(truth, anchors);
      CHECK(at::equal(matches.labels, expected.labels));
      CHECK(at::equal(matches.objects, expected.objects));
    }
}

TEST("matcher: the reference's labels and objects") {
  const test::StoredStep* step = test::stored_step();
  if (!step) return;
  for (size_t n = 0; n < step->sizes.size(); ++n) {
    const at::Tensor objects = step->polygons[n].boxes_xyxy;
    const Matches anchors = match_anchors(objects, (*step)("rpn.anchors"));
    CHECK(at::equal(anchors.labels, step->of("rpn", n, "matched_label")));
    CHECK(at::equal(anchors.objects, step->of("rpn", n, "matched_gt")));
    const Matches proposals = match_proposals(objects, with_true_boxes(step->of("proposals", n, "boxes"), step->polygons[n]));
    CHECK(at::equal(proposals.labels, step->of("roi", n, "matched_label")));
    CHECK(at::equal(proposals.objects, step->of("roi", n, "matched_gt")));
  }
}
