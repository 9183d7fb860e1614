#include "model/conv_stem.h"

#include "model/config.h"
#include "ops/group_norm_gelu.h"

namespace mimdet {

ConvStem::ConvStem(const WeightSource& weights, const std::string& prefix)
    : projection_(load_conv(weights, prefix + ".proj.3.3")) {
  for (size_t i = 0; i < std::tuple_size_v<StemFeatures>; ++i) {
    const std::string stage = prefix + ".proj." + std::to_string(i);
    stages_.push_back({load_conv_without_bias(weights, stage + ".0", 2), weights(stage + ".1.weight"), weights(stage + ".1.bias")});
  }
}

StemFeatures ConvStem::operator()(const at::Tensor& pixels) const {
  StemFeatures features;
  at::Tensor x = pixels;
  for (size_t i = 0; i < stages_.size(); ++i) features[i] = x = stage(i, x);
  return features;
}

at::Tensor ConvStem::stage(size_t index, const at::Tensor& x) const {
  const Stage& stage = stages_[index];
  // One group: the statistics include the padding, as in the reference, so a result depends on the padded shape.
  const at::Tensor y = group_norm_gelu(stage.conv(x), stage.scale, stage.shift, fixed::kGroupNormEps);
  return index + 1 == stages_.size() ? projection_(y) : y;
}

}  // namespace mimdet
