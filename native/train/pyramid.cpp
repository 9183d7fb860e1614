#include "train/pyramid.h"

#include <ATen/ops/max_pool2d.h>
#include <ATen/ops/upsample_nearest2d.h>

#include "train/layers.h"

namespace mimdet::train {

Pyramid pyramid(const Parameters& parameters, const BackboneFeatures& features) {
  const at::Tensor bottom_up[] = {features.c2, features.c3, features.c4, features.c5};
  Pyramid levels;
  at::Tensor top_down;
  for (int i = 3; i >= 0; --i) {
    const std::string level = std::to_string(i + 2);
    const at::Tensor lateral =
        conv_batch_norm(parameters, "backbone.fpn_lateral" + level, bottom_up[i].contiguous(at::MemoryFormat::ChannelsLast));
    top_down = top_down.defined() ? lateral + at::upsample_nearest2d(top_down, {lateral.size(2), lateral.size(3)}) : lateral;
    levels[i] = conv_batch_norm(parameters, "backbone.fpn_output" + level, top_down);
  }
  levels[4] = at::max_pool2d(levels[3], 1, 2);
  return levels;
}

}  // namespace mimdet::train
