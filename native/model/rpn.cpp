#include "model/rpn.h"

#include <string>

#include "weights/weight_names.h"

namespace mimdet {
namespace {

constexpr const char* kHead = "proposal_generator.rpn_head.";

}  // namespace

Rpn::Rpn(const WeightSource& weights, const RpnConfig& config, at::Device device)
    : config_(config),
      anchors_(config, device),
      objectness_logits_(load_conv(weights, std::string(kHead) + "objectness_logits")),
      anchor_deltas_(load_conv(weights, std::string(kHead) + "anchor_deltas")) {
  for (int64_t i = 0; i < config.convs; ++i)
    convs_.push_back(load_conv(weights, rpn_conv_name(i, config.convs), Activation::kRelu));
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

}  // namespace mimdet
