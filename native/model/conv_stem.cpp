#include "model/conv_stem.h"

#include <ATen/ops/gelu.h>
#include <ATen/ops/group_norm.h>

#include "model/config.h"

namespace mimdet {

ConvStem::ConvStem(const WeightSource& weights, const std::string& prefix)
    : projection_(Conv2d::plain(weights, prefix + ".proj.3.3", true, 1, Activation::kNone)) {
  for (size_t i = 0; i < std::tuple_size_v<StemFeatures>; ++i) {
    const std::string stage = prefix + ".proj." + std::to_string(i);
    stages_.push_back({Conv2d::plain(weights, stage + ".0", false, 2, Activation::kNone), weights(stage + ".1.weight"), weights(stage + ".1.bias")});
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
  at::Tensor y = at::group_norm(stage.conv(x), 1, stage.scale, stage.shift, fixed::kGroupNormEps);
  y = at::gelu(y);
  return index + 1 == stages_.size() ? projection_(y) : y;
}

}  // namespace mimdet
