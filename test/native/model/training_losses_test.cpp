// The five losses and what they compare with: against the reference, and where there is nothing to compare.
#include <ATen/TensorOperators.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>

#include <cmath>

#include "check.h"
#include "model/box_codec.h"
#include "model/box_loss.h"
#include "model/label_sampler.h"
#include "model/mask_loss.h"
#include "model/mask_targets.h"
#include "model/roi_sampler.h"
#include "model/rpn_loss.h"
#include "model/stored_step.h"
#include "ops/stored_tensors.h"

using namespace mimdet;

namespace {

constexpr double kTolerance = 1e-6;

Targets without_objects() { return {at::empty({0, 4}), at::empty({0}, at::kLong), {}}; }

std::vector<RpnTargets> targets_of_rpn(const test::StoredStep& step, TrainingDraws& draws) {
  std::vector<RpnTargets> targets;
  for (size_t n = 0; n < step.sizes.size(); ++n)
    targets.push_back(
        rpn_targets(step("rpn.anchors"), step.polygons[n].boxes_xyxy, static_cast<int64_t>(n), step.config.rpn, draws));
  return targets;
}

std::vector<SampledRois> stored_rois(const test::StoredStep& step) {
  std::vector<SampledRois> rois;
  for (size_t n = 0; n < step.sizes.size(); ++n) rois.push_back(step.rois(n));
  return rois;
}

at::Tensor all_mask_targets(const test::StoredStep& step, const std::vector<Targets>& targets) {
  std::vector<at::Tensor> cropped;
  for (size_t n = 0; n < targets.size(); ++n)
    cropped.push_back(mask_targets(mask_rois(step.rois(n), targets[n]), targets[n], 2 * step.config.roi.mask_pool));
  return at::cat(cropped);
}

at::Tensor foreground_classes(const test::StoredStep& step) {
  std::vector<at::Tensor> classes;
  for (size_t n = 0; n < step.sizes.size(); ++n) classes.push_back(mask_rois(step.rois(n), step.polygons[n]).classes);
  return at::cat(classes);
}

}  // namespace

TEST("box_deltas: undoes apply_deltas") {
  const at::Tensor boxes = test::random_boxes(50, 200, 1) + at::tensor({0.f, 0.f, 3.f, 3.f}),
                   targets = test::random_boxes(50, 200, 2) + at::tensor({0.f, 0.f, 3.f, 3.f});
  const at::Tensor deltas = box_deltas(boxes, targets, fixed::kRoiBoxWeights);
  CHECK(test::relative_error(apply_deltas(deltas, boxes, fixed::kRoiBoxWeights), targets) < 1e-5);
}

TEST("rpn_loss: the reference's losses and targets") {
  const test::StoredStep* step = test::stored_step();
  if (!step) return;
  test::StoredDraws draws(*step);
  const std::vector<RpnTargets> targets = targets_of_rpn(*step, draws);
  for (size_t n = 0; n < targets.size(); ++n)
    CHECK(test::relative_error(targets[n].positive_deltas, step->of("rpn", n, "positive_deltas")) < kTolerance);
  const RpnLosses losses = rpn_losses((*step)("rpn.logits"), (*step)("rpn.deltas"), targets, step->config.rpn);
  CHECK(test::relative_error(losses.classification, (*step)("loss.polygons.loss_rpn_cls")) < kTolerance);
  CHECK(test::relative_error(losses.location, (*step)("loss.polygons.loss_rpn_loc")) < kTolerance);
}

TEST("rpn_loss: pictures without objects learn background alone") {
  RandomDraws draws(1, 1);
  const at::Tensor anchors = test::random_boxes(100, 60, 1);
  RpnConfig config;
  config.batch_per_image = 64;
  const RpnTargets targets = rpn_targets(anchors, at::empty({0, 4}), 0, config, draws);
  CHECK_EQUAL(targets.positive.numel(), 0);
  CHECK_EQUAL(targets.negative.numel(), 64);
  const at::Tensor logits = at::zeros({1, 100}).requires_grad_(), deltas = at::zeros({1, 100, 4}).requires_grad_();
  const RpnLosses losses = rpn_losses(logits, deltas, {targets}, config);
  CHECK(std::abs(losses.classification.item<float>() - std::log(2.f)) < 1e-6);
  CHECK_EQUAL(losses.location.item<float>(), 0.f);
  (losses.classification + losses.location).backward();
  CHECK(std::abs(logits.grad().sum().item<float>() - 0.5f) < 1e-6);
  CHECK(at::equal(deltas.grad(), at::zeros({1, 100, 4})));
}

TEST("roi_sampler: the reference's RoIs") {
  const test::StoredStep* step = test::stored_step();
  if (!step) return;
  test::StoredDraws draws(*step);
  for (size_t n = 0; n < step->sizes.size(); ++n) {
    const SampledRois rois = sample_rois(step->of("proposals", n, "boxes"), step->polygons[n], static_cast<int64_t>(n),
                                         step->config.num_classes(), step->config.roi, draws);
    CHECK(at::equal(rois.boxes_xyxy, step->of("roi", n, "boxes")));
    CHECK(at::equal(rois.classes, step->of("roi", n, "classes")));
    CHECK(at::equal(rois.objects, step->of("roi", n, "gt")));
    CHECK_EQUAL(rois.foreground, step->of("roi", n, "foreground").numel());
    CHECK(at::equal(rois.target_boxes, step->rois(n).target_boxes));
  }
}

TEST("roi_sampler: true boxes are candidates; without objects all is background; an object without a mask has no mask RoI") {
  RandomDraws draws(1, 1);
  RoiConfig config;
  config.batch_per_image = 8;
  Targets targets{at::tensor({0.f, 0.f, 9.f, 9.f, 20.f, 20.f, 30.f, 40.f}).view({2, 4}),
                  at::tensor({1, 0}, at::kLong),
                  {std::monostate(), PolygonMask{}}};
  const SampledRois rois = sample_rois(at::empty({0, 4}), targets, 0, 3, config, draws);
  CHECK_EQUAL(rois.foreground, 2);
  const MaskRois with_mask = mask_rois(rois, targets);
  CHECK(at::equal(with_mask.objects, at::tensor({1}, at::kLong)));
  CHECK(at::equal(with_mask.classes, at::tensor({0}, at::kLong)));
  CHECK(at::equal(with_mask.boxes_xyxy, targets.boxes_xyxy.slice(0, 1)));

  const SampledRois none = sample_rois(test::random_boxes(20, 50, 1), without_objects(), 0, 3, config, draws);
  CHECK_EQUAL(none.foreground, 0);
  CHECK(none.classes.eq(3).all().item<bool>());
  CHECK_EQUAL(none.classes.numel(), 8);
  CHECK_EQUAL(mask_rois(none, without_objects()).objects.numel(), 0);
  CHECK_EQUAL(sample_rois(at::empty({0, 4}), without_objects(), 0, 3, config, draws).classes.numel(), 0);
}

TEST("box_loss: the reference's losses and targets") {
  const test::StoredStep* step = test::stored_step();
  if (!step) return;
  const std::vector<SampledRois> rois = stored_rois(*step);
  CHECK(test::relative_error(foreground_deltas(rois), (*step)("box.foreground_target_deltas")) < kTolerance);
  const BoxLosses losses = box_losses({(*step)("box.class_logits"), (*step)("box.deltas")}, rois);
  CHECK(test::relative_error(losses.classification, (*step)("loss.polygons.loss_cls")) < kTolerance);
  CHECK(test::relative_error(losses.regression, (*step)("loss.polygons.loss_box_reg")) < kTolerance);
}

TEST("box_loss: no foreground, and no RoI at all") {
  const auto loss_of = [](int64_t count) {
    const SampledRois rois{at::zeros({count, 4}), at::zeros({count}, at::kLong) + 2, at::zeros({count}, at::kLong),
                           at::empty({0, 4}), 0};
    const at::Tensor logits = at::zeros({count, 3}).requires_grad_(), deltas = at::zeros({count, 8}).requires_grad_();
    const BoxLosses losses = box_losses({logits, deltas}, {rois});
    (losses.classification + losses.regression).backward();
    CHECK(logits.grad().defined() && deltas.grad().defined());
    CHECK_EQUAL(losses.regression.item<float>(), 0.f);
    return losses.classification.item<float>();
  };
  CHECK(std::abs(loss_of(4) - std::log(3.f)) < 1e-6);
  CHECK_EQUAL(loss_of(0), 0.f);
}

TEST("mask_targets: the reference's pixels, of polygons and of bitmaps") {
  const test::StoredStep* step = test::stored_step();
  if (!step) return;
  CHECK(at::equal(all_mask_targets(*step, step->polygons), (*step)("mask.targets_polygons")));
  CHECK(at::equal(all_mask_targets(*step, step->bitmaps), (*step)("mask.targets_bitmaps")));
}

TEST("mask_loss: the reference's, for both kinds of mask") {
  const test::StoredStep* step = test::stored_step();
  if (!step) return;
  for (const std::string kind : {"polygons", "bitmaps"}) {
    const at::Tensor loss = mask_loss((*step)("mask.logits"), foreground_classes(*step), (*step)("mask.targets_" + kind));
    CHECK(test::relative_error(loss, (*step)("loss." + kind + ".loss_mask")) < kTolerance);
  }
}

TEST("mask_loss: no RoI is no loss, with a gradient path") {
  const at::Tensor logits = at::zeros({0, 3, 28, 28}).requires_grad_();
  const at::Tensor loss = mask_loss(logits, at::empty({0}, at::kLong), at::empty({0, 28, 28}, at::kBool));
  CHECK_EQUAL(loss.item<float>(), 0.f);
  loss.backward();
  CHECK(logits.grad().defined());
}
