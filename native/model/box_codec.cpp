#include "model/box_codec.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/clamp.h>
#include <ATen/ops/exp.h>
#include <ATen/ops/log.h>
#include <ATen/ops/stack.h>

#include "model/config.h"

namespace mimdet {

at::Tensor apply_deltas(const at::Tensor& deltas, const at::Tensor& boxes_xyxy, const double* weights) {
  const at::Tensor d = deltas.to(at::kFloat).view({deltas.size(0), deltas.size(1) / 4, 4});  // (R, K, 4)
  const at::Tensor b = boxes_xyxy.to(at::kFloat);
  const auto column = [&](int64_t i) { return b.select(1, i).unsqueeze(1); };  // (R, 1)
  const at::Tensor width = column(2) - column(0), height = column(3) - column(1);
  const at::Tensor center_x = column(0) + 0.5 * width, center_y = column(1) + 0.5 * height;
  const auto size_delta = [&](int64_t i) { return at::clamp(d.select(2, i) / weights[i], std::nullopt, fixed::kMaxSizeDelta); };

  const at::Tensor x = d.select(2, 0) / weights[0] * width + center_x, y = d.select(2, 1) / weights[1] * height + center_y;
  const at::Tensor half_w = 0.5 * (at::exp(size_delta(2)) * width), half_h = 0.5 * (at::exp(size_delta(3)) * height);
  return at::stack({x - half_w, y - half_h, x + half_w, y + half_h}, 2).view(deltas.sizes());
}

at::Tensor box_deltas(const at::Tensor& boxes_xyxy, const at::Tensor& targets_xyxy, const double* weights) {
  const at::Tensor b = boxes_xyxy.to(at::kFloat), t = targets_xyxy.to(at::kFloat);
  const auto side = [](const at::Tensor& boxes, int64_t axis) { return boxes.select(1, axis + 2) - boxes.select(1, axis); };
  const auto center = [&](const at::Tensor& boxes, int64_t axis) { return boxes.select(1, axis) + 0.5 * side(boxes, axis); };
  const auto move = [&](int64_t axis) { return weights[axis] * (center(t, axis) - center(b, axis)) / side(b, axis); };
  const auto growth = [&](int64_t axis) { return weights[axis + 2] * at::log(side(t, axis) / side(b, axis)); };
  return at::stack({move(0), move(1), growth(0), growth(1)}, 1);
}

at::Tensor clip_boxes(const at::Tensor& boxes_xyxy, SizeHw size) {
  const auto clipped = [&](int64_t i, int64_t limit) { return boxes_xyxy.select(-1, i).clamp(0, limit); };
  return at::stack({clipped(0, size.width), clipped(1, size.height), clipped(2, size.width), clipped(3, size.height)}, -1);
}

at::Tensor nonempty_boxes(const at::Tensor& boxes_xyxy) {
  const auto column = [&](int64_t i) { return boxes_xyxy.select(1, i); };
  return (column(2) - column(0)).gt(0).logical_and((column(3) - column(1)).gt(0));
}

}  // namespace mimdet
