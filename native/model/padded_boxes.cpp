#include "model/padded_boxes.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/isfinite.h>
#include <ATen/ops/softmax.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/where.h>

#include <algorithm>

#include "model/box_codec.h"
#include "model/padded_rows.h"
#include "ops/nms.h"

namespace mimdet {
namespace {

/// What passes the threshold, of all pictures: P · C pairs of a proposal and a class each.
struct Pairs {
  at::Tensor boxes, scores;  // (N, P · C, 4), (N, P · C); scores of -1 where a pair does not pass
  int64_t classes;
};

/// The best of them after NMS, D each, and how many there really are.
struct Chosen {
  at::Tensor boxes, scores, classes;  // (N, D, 4), (N, D), (N, D)
  at::Tensor passing, found;          // (N): pairs that pass; of the chosen, those that exist
};

Pairs passing_pairs(const BoxPredictions& predictions, const PaddedProposals& proposals, const std::vector<SizeHw>& sizes, double threshold,
                    const std::vector<int64_t>& class_ids) {
  const int64_t pictures = proposals.is_there.size(0), classes = predictions.deltas.size(1) / 4;
  const at::Tensor boxes = apply_deltas(predictions.deltas, proposals.boxes_xyxy.flatten(0, 1), fixed::kRoiBoxWeights);
  const at::Tensor scores = at::softmax(predictions.class_logits.to(at::kFloat), 1);
  const at::Tensor finite = at::isfinite(boxes).all(1).logical_and(at::isfinite(scores).all(1));
  const at::Tensor own = scores.slice(1, 0, classes);
  at::Tensor passes = own.gt(threshold).logical_and(finite.logical_and(proposals.is_there.flatten()).unsqueeze(1));
  if (!class_ids.empty()) passes = passes.logical_and(wanted_classes(class_ids, own).unsqueeze(0));
  return {clip_to_each(boxes.view({pictures, -1, 4}), sizes), at::where(passes, own, -1.0).view({pictures, -1}), classes};
}

/// NMS among the first fixed::kMostCandidates: a box is only ever suppressed by a better one.
Chosen choose(const Pairs& pairs, double nms_threshold, int64_t most) {
  const at::Tensor order = falling_order(pairs.scores).slice(1, 0, fixed::kMostCandidates);
  const at::Tensor scores = pairs.scores.gather(1, order), passes = scores.ge(0), classes = order.remainder(pairs.classes);
  const at::Tensor boxes = at::where(passes.unsqueeze(2), rows_at(pairs.boxes, order), 0.0);
  const at::Tensor stays = nms_survivors(boxes, classes, nms_threshold).logical_and(passes);
  const at::Tensor kept = first_of(stays, most);
  return {rows_at(boxes, kept), scores.gather(1, kept), classes.gather(1, kept), pairs.scores.ge(0).sum(1), stays.gather(1, kept).sum(1)};
}

/// Of one picture whose candidates were too many for the shorter way.
Instances select_all(const BoxPredictions& predictions, const PaddedProposals& proposals, int64_t picture, SizeHw size, const RoiConfig& config,
                     const DetectOptions& options) {
  const int64_t count = proposals.is_there.size(1), first = picture * count;
  const at::Tensor there = proposals.is_there[picture].nonzero().squeeze(1);
  const auto own = [&](const at::Tensor& rows) { return rows.narrow(0, first, count).index_select(0, there); };
  return select_boxes({own(predictions.class_logits), own(predictions.deltas)}, proposals.boxes_xyxy[picture].index_select(0, there), size, config, options)
      .instances;
}

}  // namespace

std::vector<Instances> select_padded_boxes(const BoxPredictions& predictions, const PaddedProposals& proposals, const std::vector<SizeHw>& sizes,
                                           const RoiConfig& config, const DetectOptions& options) {
  const int64_t most = options.detections_per_image.value_or(config.detections_per_image);
  const Pairs pairs = passing_pairs(predictions, proposals, sizes, options.score_threshold.value_or(config.score_threshold), options.class_ids);
  const Chosen chosen = choose(pairs, config.nms_threshold, most);
  const at::Tensor counts = at::stack({chosen.passing, chosen.found}).to(at::kCPU);  // the one wait
  std::vector<Instances> instances;
  for (int64_t n = 0; n < std::ssize(sizes); ++n) {
    const int64_t passing = counts[0][n].item<int64_t>(), found = counts[1][n].item<int64_t>();
    const auto own = [&](const at::Tensor& rows) { return rows[n].narrow(0, 0, found); };
    if (passing > fixed::kMostCandidates && found < most) instances.push_back(select_all(predictions, proposals, n, sizes[n], config, options));
    else instances.push_back({sizes[n], own(chosen.boxes), own(chosen.scores), own(chosen.classes), {}});
  }
  return instances;
}

}  // namespace mimdet
