// Each station fed with the stored output of the one before it, so that a difference names the file that makes it.
#include <ATen/TensorOperators.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/max_pool2d.h>

#include "model/roi_pooler.h"
#include "model_parity.h"

namespace mimdet::parity {
namespace {

struct Bench : Comparison {
  SizeHw grid() const { return {stored("stem.3").size(2), stored("stem.3").size(3)}; }
  int64_t pictures() const { return static_cast<int64_t>(forward.sizes.size()); }
  static std::string numbered(const char* group, int64_t n, const char* what) { return group + std::to_string(n) + what; }
};

void compare_stem(const Bench& b) {
  b.close("input", b.forward.batch(b.model.config).pixels);
  const ConvStem& stem = b.model.backbone.stem();
  for (size_t i = 0; i < 4; ++i) b.close("stem." + std::to_string(i), stem.stage(i, b.stored(i ? "stem." + std::to_string(i - 1) : "input")));
  b.close("c2", b.stored("stem.1"));
  b.close("c3", b.stored("stem.2"));
}

/// ids_restore of padding patches is whatever the reference's sort gave: only a picture's own patches are compared.
double unequal_places(const Bench& b, const at::Tensor& ids_restore) {
  const auto patches = [](int64_t pixels) { return (pixels + fixed::kStride - 1) / fixed::kStride; };
  double unequal = 0;
  for (int64_t n = 0; n < b.pictures(); ++n) {
    const auto own = [&](const at::Tensor& ids) {
      const SizeHw size = b.forward.sizes[n];
      return ids[n].view({b.grid().height, b.grid().width}).slice(0, 0, patches(size.height)).slice(1, 0, patches(size.width));
    };
    unequal += count_unequal(own(ids_restore), own(b.stored("ids_restore")));
  }
  return unequal;
}

SampledPatches compare_sampling(const Bench& b) {
  SampledPatches sampled = sample_patches(b.stored("noise"), b.forward.sizes, b.grid(), b.forward.sample_ratio);
  b.equal("ids_keep", sampled.ids_keep);
  b.report.add(b.row("ids_restore"), unequal_places(b, sampled.ids_restore), 0);
  return sampled;
}

void compare_blocks(const Bench& b, const std::string& prefix, const std::vector<TransformerBlock>& blocks) {
  for (size_t i = 0; i < blocks.size(); ++i)
    b.close(prefix + ".block." + std::to_string(i), blocks[i](b.stored(i ? prefix + ".block." + std::to_string(i - 1) : prefix + ".in")));
}

void compare_backbone(const Bench& b) {
  const VitEncoder& encoder = b.model.backbone.encoder();
  const VitDecoder& decoder = b.model.backbone.decoder();
  b.close("encoder_pos_embed", encoder.position(b.grid()));
  b.close("decoder_pos_embed", decoder.position(b.grid()));
  b.close("decoder.embed", decoder.embed(b.stored("encoder.out")));
  b.close("decoder.conv_feat_proj", decoder.project_stem(b.stored("stem.3")));
  if (b.forward.has_noise) {
    const SampledPatches sampled = compare_sampling(b);
    b.close("encoder.in", gather_rows(encoder.embed(b.stored("stem.3")), sampled.ids_keep));
    b.close("decoder.in", decoder.fill(b.stored("decoder.embed"), b.stored("decoder.conv_feat_proj"), sampled, b.grid()));
  } else {
    b.close("encoder.in", encoder.embed(b.stored("stem.3")));
    b.close("decoder.in", decoder.embed_all(b.stored("encoder.out"), b.grid()));
  }
  compare_blocks(b, "encoder", encoder.blocks());
  b.close("encoder.out", encoder.norm()(b.stored("encoder.block." + std::to_string(encoder.blocks().size() - 1))));
  compare_blocks(b, "decoder", decoder.blocks());
  b.close("c4", decoder.to_map(b.stored("decoder.block." + std::to_string(decoder.blocks().size() - 1)), b.grid()));
  b.close("c5", at::max_pool2d(b.stored("c4"), 2));
}

Pyramid stored_pyramid(const Bench& b) { return {b.stored("p2"), b.stored("p3"), b.stored("p4"), b.stored("p5"), b.stored("p6")}; }

void compare_fpn(const Bench& b) {
  const Pyramid ours = b.model.fpn({b.stored("c2"), b.stored("c3"), b.stored("c4"), b.stored("c5")});
  for (size_t i = 0; i < ours.size(); ++i) b.close("p" + std::to_string(i + 2), ours[i]);
}

RpnOutput stored_rpn_output(const Bench& b) {
  RpnOutput output;
  for (int level = 2; level <= 6; ++level) {
    output.objectness_logits.push_back(b.stored(b.numbered("rpn.p", level, ".objectness_logits")));
    output.anchor_deltas.push_back(b.stored(b.numbered("rpn.p", level, ".anchor_deltas")));
  }
  return output;
}

void compare_rpn(const Bench& b) {
  const Pyramid pyramid = stored_pyramid(b);
  const RpnOutput output = b.model.rpn.head(pyramid);
  const auto& anchors = b.model.rpn.anchors(pyramid);
  for (size_t i = 0; i < anchors.size(); ++i) {
    const int64_t level = static_cast<int64_t>(i) + 2;
    b.close(b.numbered("rpn.p", level, ".objectness_logits"), output.objectness_logits[i]);
    b.close(b.numbered("rpn.p", level, ".anchor_deltas"), output.anchor_deltas[i]);
    b.equal(b.numbered("rpn.p", level, ".anchors"), anchors[i]);
  }
  const auto proposals = b.model.rpn.select(stored_rpn_output(b), anchors, b.forward.sizes);
  for (int64_t n = 0; n < b.pictures(); ++n)
    add_match(b.report, b.row("proposals"),
              match_boxes(proposals[n].boxes_xyxy, proposals[n].objectness_logits, {}, b.stored(b.numbered("proposals.", n, ".boxes")),
                          b.stored(b.numbered("proposals.", n, ".objectness_logits")), {}),
              "objectness_logits", kStationScoreTolerance);
}

std::vector<at::Tensor> stored_boxes(const Bench& b, const char* group) {
  std::vector<at::Tensor> boxes;
  for (int64_t n = 0; n < b.pictures(); ++n) boxes.push_back(b.stored(b.numbered(group, n, ".boxes")));
  return boxes;
}

void compare_selection(const Bench& b, const std::vector<at::Tensor>& proposals) {
  int64_t first = 0;
  for (int64_t n = 0; n < b.pictures(); ++n) {
    const int64_t end = first + proposals[n].size(0);
    const BoxPredictions own = {b.stored("box.class_logits").slice(0, first, end), b.stored("box.deltas").slice(0, first, end)};
    const SelectedBoxes ours = select_boxes(own, proposals[n], b.forward.sizes[n], b.model.config.roi, {});
    const auto stored = [&](const char* what) -> const at::Tensor& { return b.stored(b.numbered("detections.", n, what)); };
    const BoxMatch match = match_boxes(ours.instances.boxes_xyxy, ours.instances.scores, ours.instances.classes, stored(".boxes"), stored(".scores"), stored(".classes"));
    add_match(b.report, b.row("detections"), match, "scores", kStationScoreTolerance);
    if (match.complete())
      b.report.add(b.row("detections.proposal_index"), count_unequal(ours.proposal_index.index_select(0, match.order_tensor()), stored(".proposal_index")), 0);
    first = end;
  }
}

void compare_heads(const Bench& b) {
  const Pyramid pyramid = stored_pyramid(b);
  const RoiConfig& roi = b.model.config.roi;
  const BoxHead& box_head = b.model.roi_heads.box_head();
  const std::vector<at::Tensor> proposals = stored_boxes(b, "proposals.");
  const at::Tensor box_pooled = pool_rois(pyramid, proposals, roi.box_pool);
  b.close("box.pooled", box_pooled);
  b.close("box.features", box_head.features(b.forward.stored.has("box.pooled") ? b.stored("box.pooled") : box_pooled));
  const BoxPredictions predictions = box_head.predict(b.stored("box.features"));
  b.close("box.class_logits", predictions.class_logits);
  b.close("box.deltas", predictions.deltas);
  compare_selection(b, proposals);

  const MaskHead& mask_head = b.model.roi_heads.mask_head();
  const at::Tensor mask_pooled = pool_rois(pyramid, stored_boxes(b, "detections."), roi.mask_pool);
  b.close("mask.pooled", mask_pooled);
  const at::Tensor& mask_input = b.forward.stored.has("mask.pooled") ? b.stored("mask.pooled") : mask_pooled;
  std::vector<at::Tensor> classes;
  for (int64_t n = 0; n < b.pictures(); ++n) classes.push_back(b.stored(b.numbered("detections.", n, ".classes")));
  b.close("mask.logits", mask_head.logits(mask_input));
  b.close("mask.probabilities", mask_head.probabilities(mask_input, at::cat(classes)));
}

}  // namespace

void compare_stations(const Model& model, const Forward& forward, Report& report) {
  const Bench bench{{model, forward, report, "/", kStationTolerance}};
  compare_stem(bench);
  compare_backbone(bench);
  compare_fpn(bench);
  compare_rpn(bench);
  compare_heads(bench);
}

}  // namespace mimdet::parity
