#include "model/rpn.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/full.h>
#include <ATen/ops/isfinite.h>
#include <ATen/ops/topk.h>

#include <algorithm>

#include "model/box_codec.h"
#include "ops/nms.h"

namespace mimdet {
namespace {

constexpr const char* kHead = "proposal_generator.rpn_head.";

std::string conv_name(int64_t index, int64_t count) {
  return std::string(kHead) + (count == 1 ? "conv" : "conv.conv" + std::to_string(index));  // a single one has no number
}

/// Boxes, logits and level of the best anchors of one picture.
struct Candidates {
  std::vector<at::Tensor> boxes, logits, levels;
};

/// Order y, x, anchor, as the anchors are.
at::Tensor flat_logits(const at::Tensor& logits) { return logits.permute({1, 2, 0}).reshape({-1}); }

at::Tensor flat_deltas(const at::Tensor& deltas, int64_t anchors) {
  return deltas.view({anchors, 4, deltas.size(1), deltas.size(2)}).permute({2, 3, 0, 1}).reshape({-1, 4});
}

void add_level(Candidates& all, int64_t level, const at::Tensor& logits, const at::Tensor& deltas, const at::Tensor& anchors, int64_t top) {
  const at::Tensor scores = flat_logits(logits).to(at::kFloat);
  const auto [best, index] = at::topk(scores, std::min(top, scores.size(0)));
  const at::Tensor moves = flat_deltas(deltas, logits.size(0)).index_select(0, index);
  all.boxes.push_back(apply_deltas(moves, anchors.index_select(0, index), fixed::kRpnBoxWeights));
  all.logits.push_back(best);
  all.levels.push_back(at::full({best.size(0)}, level, index.options()));
}

Proposals survivors(const Candidates& all, SizeHw size, double nms_threshold, int64_t top) {
  at::Tensor boxes = at::cat(all.boxes), logits = at::cat(all.logits), levels = at::cat(all.levels);
  const at::Tensor finite = at::isfinite(boxes).all(1).logical_and(at::isfinite(logits));
  boxes = clip_boxes(boxes, size);
  const at::Tensor usable = finite.logical_and(nonempty_boxes(boxes)).nonzero().squeeze(1);
  boxes = boxes.index_select(0, usable);
  logits = logits.index_select(0, usable);
  const at::Tensor kept = batched_nms(boxes, logits, levels.index_select(0, usable), nms_threshold).slice(0, 0, top);
  return {boxes.index_select(0, kept), logits.index_select(0, kept)};
}

}  // namespace

Rpn::Rpn(const WeightSource& weights, const RpnConfig& config, at::Device device)
    : config_(config),
      anchors_(config, device),
      objectness_logits_(load_conv(weights, std::string(kHead) + "objectness_logits")),
      anchor_deltas_(load_conv(weights, std::string(kHead) + "anchor_deltas")) {
  for (int64_t i = 0; i < config.convs; ++i)
    convs_.push_back(load_conv(weights, conv_name(i, config.convs), Activation::kRelu));
}

std::vector<Proposals> Rpn::operator()(const Pyramid& pyramid, const std::vector<SizeHw>& sizes) const {
  return select(head(pyramid), anchors_(pyramid), sizes);
}

RpnOutput Rpn::head(const Pyramid& pyramid) const {
  RpnOutput output;
  for (const at::Tensor& level : pyramid) {
    at::Tensor x = level;
    for (const PackedConv2d& conv : convs_) x = conv(x);
    output.objectness_logits.push_back(objectness_logits_(x));
    output.anchor_deltas.push_back(anchor_deltas_(x));
  }
  return output;
}

std::vector<Proposals> Rpn::select(const RpnOutput& output, const std::vector<at::Tensor>& anchors, const std::vector<SizeHw>& sizes) const {
  std::vector<Proposals> proposals;
  for (size_t n = 0; n < sizes.size(); ++n) {
    Candidates all;
    for (size_t level = 0; level < anchors.size(); ++level)
      add_level(all, static_cast<int64_t>(level), output.objectness_logits[level][n], output.anchor_deltas[level][n], anchors[level],
                config_.pre_nms_topk_test);
    proposals.push_back(survivors(all, sizes[n], config_.nms_threshold, config_.post_nms_topk_test));
  }
  return proposals;
}

}  // namespace mimdet
