#include "model/position_embedding.h"

#include <ATen/ops/upsample_bicubic2d.h>

#include <algorithm>
#include <cmath>

namespace mimdet {
namespace {
constexpr size_t kGridsKept = 16;  // a service meets few padded shapes; 800×1333 `base` holds 13 MB each
}

PositionEmbedding::PositionEmbedding(const WeightSource& weights, const std::string& name) : options_(weights.options()) {
  const at::Tensor rows = weights.float32(name).slice(1, 1);  // (1, g², C)
  const auto side = static_cast<int64_t>(std::llround(std::sqrt(static_cast<double>(rows.size(1)))));
  stored_ = rows.transpose(1, 2).reshape({1, rows.size(2), side, side}).clone();  // not a part of the file any more; see WeightSource::place
}

at::Tensor PositionEmbedding::operator()(SizeHw grid) const {
  const auto found = std::find_if(kept_.begin(), kept_.end(), [&](const auto& entry) { return entry.first == grid; });
  if (found != kept_.end()) {
    kept_.splice(kept_.begin(), kept_, found);
    return kept_.front().second;
  }
  kept_.emplace_front(grid, resized(grid).to(options_).contiguous());
  if (kept_.size() > kGridsKept) kept_.pop_back();
  return kept_.front().second;
}

at::Tensor PositionEmbedding::resized(SizeHw grid) const {
  const at::Tensor map = at::upsample_bicubic2d(stored_, {grid.height, grid.width}, /*align_corners=*/false);
  return map.flatten(2).transpose(1, 2);  // (1, L, C)
}

}  // namespace mimdet
