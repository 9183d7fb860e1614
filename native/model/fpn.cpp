#include "model/fpn.h"

#include <ATen/ops/upsample_nearest2d.h>

namespace mimdet {

Fpn::Fpn(const WeightSource& weights) {
  for (int level = 2; level <= 5; ++level) {
    lateral_.push_back(Conv2d::with_folded_norm(weights, "backbone.fpn_lateral" + std::to_string(level), Activation::kNone));
    output_.push_back(Conv2d::with_folded_norm(weights, "backbone.fpn_output" + std::to_string(level), Activation::kNone));
  }
}

Pyramid Fpn::operator()(const BackboneFeatures& features) const {
  const at::Tensor bottom_up[] = {features.c2, features.c3, features.c4, features.c5};
  Pyramid pyramid;
  at::Tensor top_down;
  for (int i = 3; i >= 0; --i) {
    at::Tensor merged = lateral_[i](bottom_up[i]);
    if (top_down.defined()) merged.add_(at::upsample_nearest2d(top_down, {merged.size(2), merged.size(3)}));
    pyramid[i] = output_[i](merged);
    top_down = merged;
  }
  pyramid[4] = pyramid[3].slice(2, 0, std::nullopt, 2).slice(3, 0, std::nullopt, 2).contiguous();  // max pool of kernel 1, stride 2
  return pyramid;
}

}  // namespace mimdet
