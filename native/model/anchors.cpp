#include "model/anchors.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/tensor.h>

#include <algorithm>
#include <cmath>

namespace mimdet {
namespace {

constexpr size_t kShapesKept = 8;  // 800×1333 holds 4.3 MB

/// (A, 4): for each size all ratios; h = ratio * w, area = size². In double and then rounded, as the reference does.
at::Tensor cell_anchors(const std::vector<double>& sizes, const std::vector<double>& ratios) {
  std::vector<float> boxes;
  for (double size : sizes) {
    for (double ratio : ratios) {
      const double width = std::sqrt(size * size / ratio), height = ratio * width;
      for (double edge : {-width / 2, -height / 2, width / 2, height / 2}) boxes.push_back(static_cast<float>(edge));
    }
  }
  return at::tensor(boxes).view({-1, 4});
}

at::Tensor level_anchors(const at::Tensor& cells, SizeHw grid, int64_t stride) {
  const auto options = cells.options();
  const at::Tensor x = at::arange(0, grid.width * stride, stride, options).repeat({grid.height});
  const at::Tensor y = at::arange(0, grid.height * stride, stride, options).repeat_interleave(grid.width);
  return (at::stack({x, y, x, y}, 1).view({-1, 1, 4}) + cells.view({1, -1, 4})).reshape({-1, 4});
}

}  // namespace

Anchors::Anchors(const RpnConfig& config, at::Device device) {
  for (const auto& sizes : config.anchor_sizes) cells_.push_back(cell_anchors(sizes, config.anchor_ratios).to(device));
}

const std::vector<at::Tensor>& Anchors::operator()(const Pyramid& pyramid) const {
  Grids grids;
  for (size_t level = 0; level < grids.size(); ++level) grids[level] = {pyramid[level].size(2), pyramid[level].size(3)};
  const auto found = std::find_if(kept_.begin(), kept_.end(), [&](const auto& entry) { return entry.first == grids; });
  if (found == kept_.end()) {
    kept_.emplace_front(grids, make(grids));
    if (kept_.size() > kShapesKept) kept_.pop_back();
  } else {
    kept_.splice(kept_.begin(), kept_, found);
  }
  return kept_.front().second;
}

std::vector<at::Tensor> Anchors::make(const Grids& grids) const {
  std::vector<at::Tensor> levels;
  for (size_t level = 0; level < grids.size(); ++level)
    levels.push_back(level_anchors(cells_[level], grids[level], fixed::kLevelStrides[level]));
  return levels;
}

}  // namespace mimdet
