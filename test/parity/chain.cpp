// The whole forward from the pictures, each station fed with our own output before it. RoI stations are compared in the stored order.
#include <ATen/TensorOperators.h>
#include <ATen/ops/cat.h>

#include "model/roi_pooler.h"
#include "model_parity.h"

namespace mimdet::parity {
namespace {

BackboneFeatures chain_backbone(const Comparison& chain, const ImageBatch& batch) {
  const Forward& forward = chain.forward;
  const MimdetBackbone& backbone = chain.model.backbone;
  const BackboneFeatures features =
      forward.has_noise ? backbone.with_noise(batch, chain.stored("noise"), forward.sample_ratio) : backbone(batch, forward.options());
  chain.close("c2", features.c2);
  chain.close("c3", features.c3);
  chain.close("c4", features.c4);
  chain.close("c5", features.c5);
  return features;
}

/// Our proposals, in the stored order where they are the same set.
std::vector<Proposals> chain_proposals(const Comparison& chain, const Pyramid& pyramid) {
  const RpnOutput output = chain.model.rpn.head(pyramid);
  for (size_t i = 0; i < pyramid.size(); ++i) {
    const std::string level = "rpn.p" + std::to_string(i + 2);
    chain.close(level + ".objectness_logits", output.objectness_logits[i]);
    chain.close(level + ".anchor_deltas", output.anchor_deltas[i]);
  }
  auto proposals = chain.model.rpn.select(output, chain.model.rpn.anchors(pyramid), chain.forward.sizes);
  for (size_t n = 0; n < proposals.size(); ++n) {
    const std::string prefix = "proposals." + std::to_string(n);
    Proposals& own = proposals[n];
    const BoxMatch match = match_boxes(own.boxes_xyxy, own.objectness_logits, {}, chain.stored(prefix + ".boxes"), chain.stored(prefix + ".objectness_logits"), {});
    add_match(chain.report, chain.row("proposals"), match, "objectness_logits", kChainTolerance);
    if (match.complete()) own = {own.boxes_xyxy.index_select(0, match.order_tensor()), own.objectness_logits.index_select(0, match.order_tensor())};
  }
  return proposals;
}

void put_in_stored_order(const Comparison& chain, std::vector<SelectedBoxes>& selected) {
  for (size_t n = 0; n < selected.size(); ++n) {
    Instances& own = selected[n].instances;
    const std::string prefix = "detections." + std::to_string(n);
    const BoxMatch match =
        match_boxes(own.boxes_xyxy, own.scores, own.classes, chain.stored(prefix + ".boxes"), chain.stored(prefix + ".scores"), chain.stored(prefix + ".classes"));
    add_match(chain.report, chain.row("detections"), match, "scores", kChainScoreTolerance);
    if (!match.complete()) continue;
    const at::Tensor order = match.order_tensor();
    for (at::Tensor* part : {&own.boxes_xyxy, &own.scores, &own.classes, &selected[n].proposal_index}) *part = part->index_select(0, order);
    chain.report.add(chain.row("detections.proposal_index"), count_unequal(selected[n].proposal_index, chain.stored(prefix + ".proposal_index")), 0);
  }
}

std::vector<at::Tensor> boxes_of(const std::vector<Proposals>& proposals) {
  std::vector<at::Tensor> boxes;
  for (const Proposals& picture : proposals) boxes.push_back(picture.boxes_xyxy);
  return boxes;
}

void chain_box_head(const Comparison& chain, const Pyramid& pyramid, const std::vector<Proposals>& proposals) {
  const at::Tensor pooled = pool_rois(pyramid, boxes_of(proposals), chain.model.config.roi.box_pool);
  const at::Tensor features = chain.model.roi_heads.box_head().features(pooled);
  const BoxPredictions predictions = chain.model.roi_heads.box_head().predict(features);
  chain.close("box.pooled", pooled);
  chain.close("box.features", features);
  chain.close("box.class_logits", predictions.class_logits);
  chain.close("box.deltas", predictions.deltas);
}

}  // namespace

std::vector<Instances> compare_chain(const Model& model, const Forward& forward, Report& report) {
  const Comparison chain{model, forward, report, "/from picture/", kChainTolerance};
  const ImageBatch batch = forward.batch(model.config);
  chain.close("input", batch.pixels);

  const Pyramid pyramid = model.fpn(chain_backbone(chain, batch));
  for (size_t i = 0; i < pyramid.size(); ++i) chain.close("p" + std::to_string(i + 2), pyramid[i]);
  const std::vector<Proposals> proposals = chain_proposals(chain, pyramid);
  chain_box_head(chain, pyramid, proposals);

  std::vector<SelectedBoxes> selected = model.roi_heads.boxes(pyramid, proposals, forward.sizes, forward.options());
  put_in_stored_order(chain, selected);
  std::vector<Instances> instances;
  for (SelectedBoxes& picture : selected) instances.push_back(std::move(picture.instances));
  model.roi_heads.add_masks(pyramid, instances, nullptr);
  std::vector<at::Tensor> probabilities;
  for (const Instances& picture : instances) probabilities.push_back(picture.mask_probabilities);
  chain.close("mask.probabilities", at::cat(probabilities));
  return instances;
}

}  // namespace mimdet::parity
