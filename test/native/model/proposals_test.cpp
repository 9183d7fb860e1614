// Proposals of training against the reference's, and the end of a run that has diverged.
#include "model/proposals.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/full_like.h>

#include <cmath>

#include "check.h"
#include "model/stored_step.h"
#include "ops/stored_tensors.h"

using namespace mimdet;

namespace {

struct Levels {
  RpnOutput output;
  std::vector<at::Tensor> anchors;
};

/// The stored output, all levels one after the other, as the head would hand it out; the levels are squares in the reference
/// data.
Levels stored_levels(const test::StoredStep& step) {
  Levels levels;
  int64_t first = 0;
  for (size_t level = 0; level < 5; ++level) {
    const int64_t side = step("feature.p" + std::to_string(level + 2)).size(2),
                  per_place = step.config.rpn.anchors_per_place(level);
    const int64_t count = side * side * per_place, pictures = step("rpn.logits").size(0);
    levels.output.objectness_logits.push_back(
        step("rpn.logits").narrow(1, first, count).view({pictures, side, side, per_place}).permute({0, 3, 1, 2}));
    levels.output.anchor_deltas.push_back(
        step("rpn.deltas").narrow(1, first, count).reshape({pictures, side, side, 4 * per_place}).permute({0, 3, 1, 2}));
    levels.anchors.push_back(step("rpn.anchors").narrow(0, first, count));
    first += count;
  }
  return levels;
}

}  // namespace

TEST("proposals: levels are laid end to end in the anchors' order") {
  const test::StoredStep* step = test::stored_step();
  if (!step) return;
  const Levels levels = stored_levels(*step);
  CHECK(at::equal(flat_logits(levels.output), (*step)("rpn.logits")));
  CHECK(at::equal(flat_deltas(levels.output), (*step)("rpn.deltas")));
}

TEST("training_proposals: the reference's, in its order, without a gradient") {
  const test::StoredStep* step = test::stored_step();
  if (!step) return;
  Levels levels = stored_levels(*step);
  for (at::Tensor& level : levels.output.objectness_logits) level = level.clone().requires_grad_();
  const std::vector<Proposals> proposals = training_proposals(levels.output, levels.anchors, step->sizes, step->config.rpn);
  CHECK_EQUAL(proposals.size(), step->sizes.size());
  for (size_t n = 0; n < proposals.size(); ++n) {
    CHECK(!proposals[n].objectness_logits.requires_grad());
    CHECK(at::equal(proposals[n].objectness_logits, step->of("proposals", n, "logits")));
    CHECK(test::relative_error(proposals[n].boxes_xyxy, step->of("proposals", n, "boxes")) < 1e-6);
  }
}

TEST("training_proposals: a number that is not finite ends the run") {
  const test::StoredStep* step = test::stored_step();
  if (!step) return;
  for (const float bad : {std::nanf(""), INFINITY}) {
    Levels levels = stored_levels(*step);
    levels.output.objectness_logits[1] = at::full_like(levels.output.objectness_logits[1], bad);
    CHECK_FAILS(training_proposals(levels.output, levels.anchors, step->sizes, step->config.rpn), ErrorCode::kDiverged,
                "`proposals`");
    levels = stored_levels(*step);
    levels.output.anchor_deltas[0] = at::full_like(levels.output.anchor_deltas[0], bad);
    CHECK_FAILS(training_proposals(levels.output, levels.anchors, step->sizes, step->config.rpn), ErrorCode::kDiverged,
                "`proposals`");
    CHECK_EQUAL(inference_proposals(levels.output, levels.anchors, step->sizes, step->config.rpn).size(), step->sizes.size());
  }
}
