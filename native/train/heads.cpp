#include "train/heads.h"

#include "train/layers.h"
#include "weights/weight_names.h"

namespace mimdet::train {
namespace {

at::Tensor head_convs(const Parameters& parameters, const std::string& prefix, int64_t count, at::Tensor x) {
  for (int64_t i = 1; i <= count; ++i) x = conv_batch_norm(parameters, prefix + std::to_string(i), x, Activation::kRelu);
  return x;
}

}  // namespace

RpnOutput rpn_head(const Parameters& parameters, const RpnConfig& config, const Pyramid& pyramid) {
  const std::string head = "proposal_generator.rpn_head.";
  RpnOutput output;
  for (const at::Tensor& level : pyramid) {
    at::Tensor x = level;
    for (int64_t i = 0; i < config.convs; ++i) x = conv(parameters, rpn_conv_name(i, config.convs), x, Activation::kRelu);
    output.objectness_logits.push_back(conv(parameters, head + "objectness_logits", x));
    output.anchor_deltas.push_back(conv(parameters, head + "anchor_deltas", x));
  }
  return output;
}

BoxPredictions box_head(const Parameters& parameters, const RoiConfig& config, const at::Tensor& pooled) {
  const at::Tensor x = head_convs(parameters, "roi_heads.box_head.conv", config.box_convs, pooled);
  const at::Tensor features = linear(parameters, "roi_heads.box_head.fc1", x.flatten(1), Activation::kRelu);
  return {linear(parameters, "roi_heads.box_predictor.cls_score", features), linear(parameters, "roi_heads.box_predictor.bbox_pred", features)};
}

at::Tensor mask_head(const Parameters& parameters, const RoiConfig& config, const at::Tensor& pooled) {
  const at::Tensor x = head_convs(parameters, "roi_heads.mask_head.mask_fcn", config.mask_convs, pooled);
  return conv(parameters, "roi_heads.mask_head.predictor", deconv_relu(parameters, "roi_heads.mask_head.deconv", x));
}

}  // namespace mimdet::train
