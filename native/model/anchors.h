// Anchor boxes of every place of the pyramid, kept per padded shape.
// Used by rpn, which turns them into proposals. Ren et al. 2015; order of the reference: level, y, x, anchor.
#pragma once

#include <ATen/core/Tensor.h>

#include <array>
#include <list>
#include <utility>
#include <vector>

#include "base/geometry.h"
#include "model/config.h"
#include "model/fpn.h"

namespace mimdet {

class Anchors {
 public:
  Anchors(const RpnConfig& config, at::Device device);

  /// One (h * w * A, 4) float32 xyxy a level, in pixels of the padded picture.
  const std::vector<at::Tensor>& operator()(const Pyramid& pyramid) const;

 private:
  using Grids = std::array<SizeHw, 5>;
  std::vector<at::Tensor> make(const Grids& grids) const;

  std::vector<at::Tensor> cells_;  // (A, 4) a level, centred on 0
  mutable std::list<std::pair<Grids, std::vector<at::Tensor>>> kept_;  // most recently used first
};

}  // namespace mimdet
