// Stations of a training step, each fed with the stored output of the one before it.
#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/max_pool2d.h>

#include "compare.h"
#include "model/box_loss.h"
#include "model/mask_loss.h"
#include "model/mask_targets.h"
#include "model/matcher.h"
#include "model/roi_pooler.h"
#include "model/rpn_loss.h"
#include "model_parity.h"
#include "train/heads.h"
#include "train_parity.h"

namespace mimdet::parity {
namespace {

struct Bench {
  const TrainFolder& folder;
  const Parameters& parameters;
  RecordedStep stored;
  Report& report;

  const ModelConfig& config() const { return folder.config; }
  static std::string numbered(const char* group, int64_t n, const char* what) { return group + std::to_string(n) + what; }
  const at::Tensor& of_picture(const char* group, int64_t n, const char* what) const { return stored[numbered(group, n, what)]; }
  static std::string row(const std::string& station) { return "train/" + station; }
  void close(const std::string& station, const at::Tensor& ours) const { close(station, ours, stored[station]); }
  void close(const std::string& station, const at::Tensor& ours, const at::Tensor& theirs) const {
    report.add(row(station), relative_error(ours.detach(), theirs), kStationTolerance);
  }
  void equal(const std::string& station, const at::Tensor& ours, const at::Tensor& theirs) const {
    report.add(row(station), count_unequal(ours, theirs), 0);
  }
};

Pyramid stored_pyramid(const Bench& b) {
  Pyramid pyramid;
  for (size_t i = 0; i < pyramid.size(); ++i) pyramid[i] = b.stored["feature.p" + std::to_string(i + 2)];
  return pyramid;
}

void compare_sampling(const Bench& b) {
  const SizeHw grid = {b.stored["feature.c4"].size(2), b.stored["feature.c4"].size(3)};
  b.equal("ids_keep", sample_patches(b.stored["noise"], b.folder.images.sizes, grid, b.config().sample_ratio).ids_keep, b.stored["ids_keep"]);
}

void compare_pyramid(const Bench& b) {
  b.close("feature.c5", at::max_pool2d(b.stored["feature.c4"], 2));
  const Pyramid ours =
      train::pyramid(b.parameters, {b.stored["feature.c2"], b.stored["feature.c3"], b.stored["feature.c4"], b.stored["feature.c5"]});
  for (size_t i = 0; i < ours.size(); ++i) b.close("feature.p" + std::to_string(i + 2), ours[i]);
}

/// (N, all, …) as stored, back in the form in which the head gives it.
RpnOutput stored_rpn_output(const Bench& b, const Pyramid& pyramid) {
  RpnOutput output;
  int64_t first = 0;
  for (size_t i = 0; i < pyramid.size(); ++i) {
    const int64_t n = pyramid[i].size(0), h = pyramid[i].size(2), w = pyramid[i].size(3), a = b.config().rpn.anchors_per_place(i);
    const int64_t end = first + h * w * a;
    output.objectness_logits.push_back(b.stored["rpn.logits"].slice(1, first, end).reshape({n, h, w, a}).permute({0, 3, 1, 2}));
    output.anchor_deltas.push_back(b.stored["rpn.deltas"].slice(1, first, end).reshape({n, h, w, 4 * a}).permute({0, 3, 1, 2}));
    first = end;
  }
  return output;
}

void compare_rpn_labels(const Bench& b) {
  GivenDraws draws = b.stored.draws();
  std::vector<RpnTargets> targets;
  for (int64_t n = 0; n < b.folder.pictures(); ++n) {
    const at::Tensor& objects = b.folder.polygons[n].boxes_xyxy;
    const Matches matches = match_anchors(objects, b.stored["rpn.anchors"]);
    b.equal("rpn.matched_label", matches.labels, b.of_picture("rpn.", n, ".matched_label"));
    b.equal("rpn.matched_gt", matches.objects, b.of_picture("rpn.", n, ".matched_gt"));
    targets.push_back(rpn_targets(b.stored["rpn.anchors"], objects, n, b.config().rpn, draws));
    b.close("rpn.positive_deltas", targets.back().positive_deltas, b.of_picture("rpn.", n, ".positive_deltas"));
  }
  const RpnLosses losses = rpn_losses(b.stored["rpn.logits"], b.stored["rpn.deltas"], targets, b.config().rpn);
  b.close("loss.loss_rpn_cls", losses.classification, b.stored["loss.polygons.loss_rpn_cls"]);
  b.close("loss.loss_rpn_loc", losses.location, b.stored["loss.polygons.loss_rpn_loc"]);
}

void compare_rpn(const Bench& b, const Pyramid& pyramid) {
  const std::vector<at::Tensor> anchors = Anchors(b.config().rpn, at::kCPU)(pyramid);
  b.equal("rpn.anchors", at::cat(anchors), b.stored["rpn.anchors"]);
  const RpnOutput output = train::rpn_head(b.parameters, b.config().rpn, pyramid);
  b.close("rpn.logits", flat_logits(output));
  b.close("rpn.deltas", flat_deltas(output));
  const auto proposals = training_proposals(stored_rpn_output(b, pyramid), anchors, b.folder.images.sizes, b.config().rpn);
  for (int64_t n = 0; n < b.folder.pictures(); ++n) {
    const BoxMatch match = match_boxes(proposals[n].boxes_xyxy, proposals[n].objectness_logits, {}, b.of_picture("proposals.", n, ".boxes"),
                                       b.of_picture("proposals.", n, ".logits"), {});
    add_match(b.report, b.row("proposals"), match, "logits", kStationScoreTolerance);
  }
}

std::vector<SampledRois> compare_roi_labels(const Bench& b) {
  GivenDraws draws = b.stored.draws();
  const std::vector<at::Tensor> proposals = b.stored.proposals(b.folder.pictures());
  std::vector<SampledRois> rois;
  for (int64_t n = 0; n < b.folder.pictures(); ++n) {
    const Targets& targets = b.folder.polygons[n];
    const Matches matches = match_proposals(targets.boxes_xyxy, with_true_boxes(proposals[n], targets));
    b.equal("roi.matched_label", matches.labels, b.of_picture("roi.", n, ".matched_label"));
    b.equal("roi.matched_gt", matches.objects, b.of_picture("roi.", n, ".matched_gt"));
    rois.push_back(sample_rois(proposals[n], targets, n, b.config().num_classes(), b.config().roi, draws));
    b.equal("roi.boxes", rois[n].boxes_xyxy, b.of_picture("roi.", n, ".boxes"));
    b.equal("roi.classes", rois[n].classes, b.of_picture("roi.", n, ".classes"));
    b.equal("roi.gt", rois[n].objects, b.of_picture("roi.", n, ".gt"));
    b.equal("roi.level", roi_levels(rois[n].boxes_xyxy), b.of_picture("roi.", n, ".level"));
  }
  return rois;
}

void compare_box_head(const Bench& b, const Pyramid& pyramid, const std::vector<SampledRois>& rois) {
  std::vector<at::Tensor> boxes;
  for (const SampledRois& picture : rois) boxes.push_back(picture.boxes_xyxy);
  const BoxPredictions predictions = train::box_head(b.parameters, b.config().roi, pool_rois(pyramid, boxes, b.config().roi.box_pool));
  b.close("box.class_logits", predictions.class_logits);
  b.close("box.deltas", predictions.deltas);
  b.close("box.foreground_target_deltas", foreground_deltas(rois));
  const BoxLosses losses = box_losses({b.stored["box.class_logits"], b.stored["box.deltas"]}, rois);
  b.close("loss.loss_cls", losses.classification, b.stored["loss.polygons.loss_cls"]);
  b.close("loss.loss_box_reg", losses.regression, b.stored["loss.polygons.loss_box_reg"]);
}

void compare_masks(const Bench& b, const std::vector<SampledRois>& rois, const std::vector<Targets>& targets, const std::string& kind) {
  std::vector<at::Tensor> wanted, classes;
  for (size_t n = 0; n < rois.size(); ++n) {
    const MaskRois own = mask_rois(rois[n], targets[n]);
    wanted.push_back(mask_targets(own, targets[n], 2 * b.config().roi.mask_pool));
    classes.push_back(own.classes);
  }
  b.equal("mask.targets_" + kind, at::cat(wanted), b.stored["mask.targets_" + kind]);
  const at::Tensor loss = mask_loss(b.stored["mask.logits"], at::cat(classes), b.stored["mask.targets_" + kind]);
  b.close("loss.loss_mask." + kind, loss, b.stored["loss." + kind + ".loss_mask"]);
}

void compare_mask_head(const Bench& b, const Pyramid& pyramid, const std::vector<SampledRois>& rois) {
  std::vector<at::Tensor> boxes;
  for (const SampledRois& picture : rois) boxes.push_back(picture.boxes_xyxy.slice(0, 0, picture.foreground));
  b.close("mask.logits", train::mask_head(b.parameters, b.config().roi, pool_rois(pyramid, boxes, b.config().roi.mask_pool)));
  compare_masks(b, rois, b.folder.polygons, "polygons");
  compare_masks(b, rois, b.folder.bitmaps, "bitmaps");
}

}  // namespace

void compare_step_stations(const TrainFolder& folder, const StoredTensors& stored, Report& report) {
  const at::NoGradGuard no_gradients;
  const Parameters parameters = folder.parameters();
  const Bench bench = {folder, parameters, {stored, ""}, report};
  const Pyramid pyramid = stored_pyramid(bench);
  compare_sampling(bench);
  compare_pyramid(bench);
  compare_rpn(bench, pyramid);
  compare_rpn_labels(bench);
  const std::vector<SampledRois> rois = compare_roi_labels(bench);
  compare_box_head(bench, pyramid, rois);
  compare_mask_head(bench, pyramid, rois);
}

}  // namespace mimdet::parity
