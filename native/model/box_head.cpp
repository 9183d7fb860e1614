#include "model/box_head.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/isfinite.h>
#include <ATen/ops/softmax.h>
#include <ATen/ops/zeros.h>

#include "model/box_codec.h"
#include "ops/nms.h"

namespace mimdet {
namespace {

/// Columns from the order channel, y, x to y, x, channel.
PackedLinear load_fc1(const WeightSource& weights, const RoiConfig& config) {
  const at::Tensor weight = weights("roi_heads.box_head.fc1.weight");
  const at::Tensor reordered = weight.view({weight.size(0), -1, config.box_pool, config.box_pool}).permute({0, 2, 3, 1}).flatten(1);
  return PackedLinear(reordered.contiguous(), weights("roi_heads.box_head.fc1.bias"), Activation::kRelu, weights.form());
}

}  // namespace

BoxHead::BoxHead(const WeightSource& weights, const RoiConfig& config)
    : fc1_(load_fc1(weights, config)),
      class_logits_(load_linear(weights, "roi_heads.box_predictor.cls_score")),
      deltas_(load_linear(weights, "roi_heads.box_predictor.bbox_pred")) {
  for (int64_t i = 1; i <= config.box_convs; ++i)
    convs_.push_back(load_conv_with_norm(weights, "roi_heads.box_head.conv" + std::to_string(i), Activation::kRelu));
}

at::Tensor BoxHead::features(const at::Tensor& pooled) const {
  at::Tensor x = pooled;
  for (const PackedConv2d& conv : convs_) x = conv(x);
  return fc1_(x.permute({0, 2, 3, 1}).flatten(1));
}

BoxPredictions BoxHead::predict(const at::Tensor& features) const { return {class_logits_(features), deltas_(features)}; }

at::Tensor wanted_classes(const std::vector<int64_t>& class_ids, const at::Tensor& scores) {
  at::Tensor wanted = at::zeros({scores.size(1)}, scores.options().dtype(at::kBool).device(at::kCPU));
  for (int64_t id : class_ids) wanted[id] = true;
  return wanted.to(scores.device(), /*non_blocking=*/true);
}

SelectedBoxes select_boxes(const BoxPredictions& predictions, const at::Tensor& proposals_xyxy, SizeHw size, const RoiConfig& config,
                           const DetectOptions& options) {
  const int64_t classes = predictions.deltas.size(1) / 4;
  const at::Tensor all_boxes = apply_deltas(predictions.deltas, proposals_xyxy, fixed::kRoiBoxWeights);
  const at::Tensor all_scores = at::softmax(predictions.class_logits.to(at::kFloat), 1);
  const at::Tensor finite = at::isfinite(all_boxes).all(1).logical_and(at::isfinite(all_scores).all(1));

  const at::Tensor scores = all_scores.slice(1, 0, classes);
  const at::Tensor boxes = clip_boxes(all_boxes.view({-1, classes, 4}), size);
  at::Tensor passes = scores.gt(options.score_threshold.value_or(config.score_threshold)).logical_and(finite.unsqueeze(1));
  if (!options.class_ids.empty()) passes = passes.logical_and(wanted_classes(options.class_ids, scores).unsqueeze(0));

  const at::Tensor candidates = passes.nonzero();  // (Q, 2): proposal, class
  const at::Tensor proposal = candidates.select(1, 0), category = candidates.select(1, 1);
  const at::Tensor place = proposal * classes + category;
  const at::Tensor candidate_boxes = boxes.reshape({-1, 4}).index_select(0, place);
  const at::Tensor candidate_scores = scores.reshape({-1}).index_select(0, place);
  const at::Tensor kept = batched_nms(candidate_boxes, candidate_scores, category, config.nms_threshold)
                              .slice(0, 0, options.detections_per_image.value_or(config.detections_per_image));
  return {{size, candidate_boxes.index_select(0, kept), candidate_scores.index_select(0, kept), category.index_select(0, kept), {}},
          proposal.index_select(0, kept)};
}

}  // namespace mimdet
