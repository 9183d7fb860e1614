// ROIAlign made of LibTorch calls: each axis of each box becomes a (bins, cells) matrix, and a crop is Wy · features · Wxᵀ.
// The samples that are averaged are those of ops/roi_axis.h, all boxes at once.
#include <ATen/TensorOperators.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/where.h>
#include <ATen/ops/zeros.h>

#include <algorithm>

#include "ops/kernels.h"

namespace mimdet::composite {
namespace {

constexpr int64_t kBoxesAtOnce = 32;  // bounds the memory of the half-pooled maps, (C, H, boxes, bins)

struct Span {
  at::Tensor start, side;  // (R) in cells
};

Span span_of(const at::Tensor& from, const at::Tensor& to, double spatial_scale) {
  const at::Tensor start = from * spatial_scale - 0.5;
  const at::Tensor side = to * spatial_scale - 0.5 - start;
  const at::Tensor finite = start.isfinite() & side.isfinite();
  return {at::where(finite, start, 0.0), at::where(finite, side, 0.0)};
}

// (R, bins, length): what each cell gives to each bin.
at::Tensor axis_weights(const Span& span, int64_t length, int64_t bins) {
  const auto options = span.start.options();
  const at::Tensor bin_side = span.side / static_cast<double>(bins);
  const at::Tensor grid = bin_side.ceil().clamp_min(0);
  // Samples that can lie on the map: at most two a cell, and some to spare at both ends.
  const auto most = std::min<double>(2.0 * static_cast<double>(length) + 8, grid.max().item<double>());
  const at::Tensor bin_start = span.start.unsqueeze(1) + at::arange(bins, options) * bin_side.unsqueeze(1);  // (R, bins)
  const at::Tensor step = (bin_side.to(at::kDouble) / grid.clamp_min(1)).unsqueeze(1);
  const at::Tensor first =
      (((-1 - bin_start.to(at::kDouble)) / step.clamp_min(1e-300) - 0.5).floor() - 1).clamp_min(0).unsqueeze(2);
  const at::Tensor number = first.to(options) + at::arange(static_cast<int64_t>(most), options);  // (R, bins, samples)
  const at::Tensor samples = grid.view({-1, 1, 1});
  const at::Tensor place = bin_start.unsqueeze(2) + (number + 0.5) * (bin_side.view({-1, 1, 1}) / samples.clamp_min(1));
  const at::Tensor counts = (number < samples) & (place >= -1) & (place <= length);
  const at::Tensor inside = at::where(counts, place, 0.0).clamp_min(0);
  const at::Tensor low = inside.floor().clamp_max(length - 1);
  const at::Tensor share = at::where(low == length - 1, 0.0, inside - low);  // of the cell above
  const at::Tensor weight = counts.to(options) / samples.clamp_min(1);
  at::Tensor weights = at::zeros({bin_start.size(0), bins, length}, options);
  weights.scatter_add_(2, low.to(at::kLong), weight * (1 - share));
  weights.scatter_add_(2, (low + 1).clamp_max(length - 1).to(at::kLong), weight * share);
  return weights;
}

// map (C, H, W), wy (r, bins, H), wx (r, bins, W) -> (r, C, bins, bins)
at::Tensor crop(const at::Tensor& map, const at::Tensor& wy, const at::Tensor& wx) {
  const int64_t channels = map.size(0), height = map.size(1), boxes = wy.size(0), bins = wy.size(1);
  const at::Tensor columns = at::matmul(map.reshape({channels * height, -1}), wx.reshape({boxes * bins, -1}).t());
  const at::Tensor by_box =
      columns.view({channels, height, boxes, bins}).permute({2, 1, 0, 3}).reshape({boxes, height, channels * bins});
  return at::matmul(wy, by_box).view({boxes, bins, channels, bins}).permute({0, 2, 1, 3});
}

// The transpose of crop: grad (r, C, bins, bins) -> (C, H, W)
at::Tensor spread(const at::Tensor& grad, const at::Tensor& wy, const at::Tensor& wx) {
  const int64_t boxes = grad.size(0), channels = grad.size(1), bins = grad.size(2), height = wy.size(2);
  const at::Tensor rows = at::matmul(wy.transpose(1, 2), grad.permute({0, 2, 1, 3}).reshape({boxes, bins, channels * bins}));
  const at::Tensor by_row =
      rows.view({boxes, height, channels, bins}).permute({2, 1, 0, 3}).reshape({channels * height, boxes * bins});
  return at::matmul(by_row, wx.reshape({boxes * bins, -1})).view({channels, height, -1});
}

/// Calls visit(picture, its boxes' places, their weights along y, along x) for a few boxes at a time.
template <class Visit>
void for_some_boxes(const at::Tensor& boxes, double spatial_scale, at::IntArrayRef feature_shape, int64_t bins, Visit visit) {
  const at::Tensor wx = axis_weights(span_of(boxes.select(1, 1), boxes.select(1, 3), spatial_scale), feature_shape[3], bins);
  const at::Tensor wy = axis_weights(span_of(boxes.select(1, 2), boxes.select(1, 4), spatial_scale), feature_shape[2], bins);
  for (int64_t n = 0; n < feature_shape[0]; ++n) {
    const at::Tensor members = (boxes.select(1, 0).to(at::kLong) == n).nonzero().squeeze(1);
    for (int64_t begin = 0; begin < members.numel(); begin += kBoxesAtOnce) {
      const at::Tensor some = members.narrow(0, begin, std::min(kBoxesAtOnce, members.numel() - begin));
      visit(n, some, wy.index_select(0, some), wx.index_select(0, some));
    }
  }
}

}  // namespace

at::Tensor roi_align(const at::Tensor& features, const at::Tensor& rois, double spatial_scale, int64_t output_size) {
  const at::ScalarType type =
      features.scalar_type() == at::kDouble ? at::kDouble : at::kFloat;  // half types are summed in float32
  const at::Tensor boxes = rois.to(type);
  at::Tensor out = at::zeros({rois.size(0), features.size(1), output_size, output_size}, features.options().dtype(type));
  if (out.numel() == 0 || features.numel() == 0) return out.to(features.scalar_type());
  for_some_boxes(boxes, spatial_scale, features.sizes(), output_size,
                 [&](int64_t n, const at::Tensor& some, const at::Tensor& wy, const at::Tensor& wx) {
                   out.index_copy_(0, some, crop(features[n].to(type), wy, wx));
                 });
  return out.to(features.scalar_type()).contiguous(features.suggest_memory_format());
}

at::Tensor roi_align_backward(const at::Tensor& grad, const at::Tensor& rois, double spatial_scale,
                              at::IntArrayRef feature_shape) {
  const at::ScalarType type = grad.scalar_type() == at::kDouble ? at::kDouble : at::kFloat;
  at::Tensor maps = at::zeros(feature_shape, grad.options().dtype(type));
  if (grad.numel() == 0 || maps.numel() == 0) return maps.to(grad.scalar_type());
  for_some_boxes(rois.to(type), spatial_scale, feature_shape, grad.size(2),
                 [&](int64_t n, const at::Tensor& some, const at::Tensor& wy, const at::Tensor& wx) {
                   maps.select(0, n).add_(spread(grad.index_select(0, some).to(type), wy, wx));
                 });
  return maps.to(grad.scalar_type());
}

}  // namespace mimdet::composite
