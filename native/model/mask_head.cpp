#include "model/mask_head.h"

#include <ATen/ops/baddbmm.h>
#include <ATen/ops/conv2d.h>
#include <ATen/ops/sigmoid.h>

namespace mimdet {

MaskHead::MaskHead(const WeightSource& weights, const RoiConfig& config)
    : deconv_(weights("roi_heads.mask_head.deconv.weight"), weights("roi_heads.mask_head.deconv.bias"), Activation::kRelu),
      predictor_weight_(weights("roi_heads.mask_head.predictor.weight")),
      predictor_bias_(weights("roi_heads.mask_head.predictor.bias")) {
  for (int64_t i = 1; i <= config.mask_convs; ++i)
    convs_.push_back(load_conv_with_norm(weights, "roi_heads.mask_head.mask_fcn" + std::to_string(i), Activation::kRelu));
}

at::Tensor MaskHead::features(const at::Tensor& pooled) const {
  at::Tensor x = pooled;
  for (const PackedConv2d& conv : convs_) x = conv(x);
  return deconv_(x);
}

at::Tensor MaskHead::logits(const at::Tensor& pooled) const { return at::conv2d(features(pooled), predictor_weight_, predictor_bias_); }

at::Tensor MaskHead::probabilities(const at::Tensor& pooled, const at::Tensor& classes) const {
  const at::Tensor x = features(pooled);
  const int64_t side = x.size(2);
  const at::Tensor weight = predictor_weight_.flatten(1).index_select(0, classes).unsqueeze(1);  // (M, 1, D)
  const at::Tensor bias = predictor_bias_.index_select(0, classes).view({-1, 1, 1});
  const at::Tensor logits = at::baddbmm(bias, weight, x.flatten(2));  // (M, 1, 4s²)
  return at::sigmoid(logits.to(at::kFloat)).view({-1, side, side});
}

}  // namespace mimdet
