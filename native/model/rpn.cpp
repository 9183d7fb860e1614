#include "model/rpn.h"

#include "weights/weight_names.h"

namespace mimdet {

Rpn::Rpn(const WeightSource& weights, const RpnConfig& config, at::Device device)
    : config_(config),
      anchors_(config, device),
      objectness_logits_(load_conv(weights, "proposal_generator.rpn_head.objectness_logits")),
      anchor_deltas_(load_conv(weights, "proposal_generator.rpn_head.anchor_deltas")) {
  for (int64_t i = 0; i < config.convs; ++i)
    convs_.push_back(load_conv(weights, rpn_conv_name(i, config.convs), Activation::kRelu));
}

std::vector<Proposals> Rpn::operator()(const Pyramid& pyramid, const std::vector<SizeHw>& sizes) const {
  return select(head(pyramid), anchors_(pyramid), sizes);
}

PaddedProposals Rpn::padded(const Pyramid& pyramid, const std::vector<SizeHw>& sizes) const {
  return padded_proposals(head(pyramid), anchors_(pyramid), sizes, config_);
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

}  // namespace mimdet
