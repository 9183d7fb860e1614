#include "model/roi_pooler.h"

#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/full.h>
#include <ATen/ops/log2.h>
#include <ATen/ops/sqrt.h>

#include <array>

#include "model/config.h"
#include "ops/registration.h"
#include "ops/roi_align.h"

namespace mimdet {
namespace {

constexpr int64_t kFinestLevel = 2;

/// (R, 5): number of the picture, then xyxy.
at::Tensor with_picture_index(const std::vector<at::Tensor>& boxes_xyxy) {
  std::vector<at::Tensor> rows;
  for (size_t n = 0; n < boxes_xyxy.size(); ++n) {
    const at::Tensor& boxes = boxes_xyxy[n];
    rows.push_back(at::cat({at::full({boxes.size(0), 1}, static_cast<double>(n), boxes.options()), boxes}, 1));
  }
  return at::cat(rows);
}

/// All levels in one go, and nobody has to know how many boxes each has.
at::Tensor pool_on_device(const Pyramid& pyramid, const at::Tensor& rois, int64_t bins) {
  std::array<double, fixed::kPooledLevels> scales{};
  for (size_t level = 0; level < scales.size(); ++level) scales[level] = 1.0 / static_cast<double>(fixed::kLevelStrides[level]);
  return dispatch::roi_align_levels(at::TensorList(pyramid.data(), scales.size()), rois, roi_levels(rois.slice(1, 1)) - kFinestLevel, scales, bins);
}

}  // namespace

at::Tensor roi_levels(const at::Tensor& boxes_xyxy) {
  const auto column = [&](int64_t i) { return boxes_xyxy.select(1, i); };
  const at::Tensor area = (column(2) - column(0)) * (column(3) - column(1));
  const at::Tensor level = at::log2(at::sqrt(area) / fixed::kCanonicalBoxSize + 1e-8) + fixed::kCanonicalLevel;
  return level.floor().clamp(kFinestLevel, kFinestLevel + fixed::kPooledLevels - 1).to(at::kLong);
}

// Rows are copied and, on the way back, gathered in the order in which they lie in memory: channels last where the pyramid is so.
at::Tensor pool_rois(const Pyramid& pyramid, const std::vector<at::Tensor>& boxes_xyxy, int64_t bins) {
  const at::Tensor rois = with_picture_index(boxes_xyxy);
  const int64_t count = rois.size(0), channels = pyramid[0].size(1);
  const bool channels_last = pyramid[0].suggest_memory_format() == at::MemoryFormat::ChannelsLast;
  at::Tensor pooled = at::empty(
      channels_last ? std::vector{count, bins, bins, channels} : std::vector{count, channels, bins, bins}, pyramid[0].options());
  const auto as_rows = [&](const at::Tensor& x) { return channels_last ? x.permute({0, 2, 3, 1}) : x; };
  const auto as_maps = [&](const at::Tensor& x) { return channels_last ? x.permute({0, 3, 1, 2}) : x; };
  if (count == 0) return as_maps(pooled);
  if (!at::GradMode::is_enabled() && dispatch::has_device_kernels(rois.device())) return pool_on_device(pyramid, rois, bins);
  const at::Tensor levels = roi_levels(rois.slice(1, 1));
  for (int64_t level = 0; level < fixed::kPooledLevels; ++level) {
    const at::Tensor members = levels.eq(level + kFinestLevel).nonzero().squeeze(1);
    if (members.size(0) == 0) continue;
    const double scale = 1.0 / static_cast<double>(fixed::kLevelStrides[level]);
    if (members.size(0) == count) return roi_align(pyramid[level], rois, scale, bins);
    pooled.index_copy_(0, members, as_rows(roi_align(pyramid[level], rois.index_select(0, members), scale, bins)));
  }
  return as_maps(pooled);
}

}  // namespace mimdet
