#include "model/fpn.h"

#include <ATen/ops/max_pool2d.h>
#include <ATen/ops/upsample_nearest2d.h>

namespace mimdet {
namespace {

/// The coarser level, doubled, plus the lateral convolution of this one.
at::Tensor merge(const PackedConv2d& lateral, const at::Tensor& feature, const at::Tensor& coarser) {
  at::Tensor sum = at::upsample_nearest2d(coarser, {feature.size(2), feature.size(3)});
  lateral.add_to(sum, feature);
  return sum;
}

}  // namespace


Fpn::Fpn(const WeightSource& weights) {
  for (int level = 2; level <= 5; ++level) {
    lateral_.push_back(load_conv_with_norm(weights, "backbone.fpn_lateral" + std::to_string(level), Activation::kNone));
    output_.push_back(load_conv_with_norm(weights, "backbone.fpn_output" + std::to_string(level), Activation::kNone));
  }
}

Pyramid Fpn::operator()(const BackboneFeatures& features) const {
  const at::Tensor bottom_up[] = {features.c2, features.c3, features.c4, features.c5};
  Pyramid pyramid;
  at::Tensor top_down;
  for (int i = 3; i >= 0; --i) {
    top_down = top_down.defined() ? merge(lateral_[i], bottom_up[i], top_down) : lateral_[i](bottom_up[i]);
    pyramid[i] = output_[i](top_down);
  }
  pyramid[4] = at::max_pool2d(pyramid[3], 1, 2);
  return pyramid;
}

}  // namespace mimdet
