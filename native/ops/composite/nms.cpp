// NMS made of LibTorch calls. Blocks of boxes in falling order of score: those that an earlier block's survivors suppress go
// first; within the block, "stays unless a survivor before it overlaps" is repeated until nothing changes, which is the greedy
// result.
#include <ATen/TensorOperators.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/maximum.h>
#include <ATen/ops/minimum.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/sort.h>

#include <algorithm>
#include <vector>

#include "ops/kernels.h"

namespace mimdet::composite {
namespace {

constexpr int64_t kBlock = 512;  // bounds the memory of the pairwise overlaps

at::Tensor area_of(const at::Tensor& boxes) {
  return (boxes.select(1, 2) - boxes.select(1, 0)) * (boxes.select(1, 3) - boxes.select(1, 1));
}

// (A, 4), (B, 4) -> (A, B): whether the IoU is above the threshold. float64 holds a float32 and the threshold alike.
at::Tensor overlaps(const at::Tensor& a, const at::Tensor& b, double iou_threshold) {
  const at::Tensor top_left = at::maximum(a.unsqueeze(1).narrow(2, 0, 2), b.unsqueeze(0).narrow(2, 0, 2));
  const at::Tensor bottom_right = at::minimum(a.unsqueeze(1).narrow(2, 2, 2), b.unsqueeze(0).narrow(2, 2, 2));
  const at::Tensor sides = (bottom_right - top_left).clamp_min(0);
  const at::Tensor shared = sides.select(2, 0) * sides.select(2, 1);
  return (shared / (area_of(a).unsqueeze(1) + area_of(b).unsqueeze(0) - shared)).to(at::kDouble) > iou_threshold;
}

at::Tensor survivors_within(const at::Tensor& boxes, const at::Tensor& candidates, double iou_threshold) {
  const at::Tensor suppresses = overlaps(boxes, boxes, iou_threshold).triu(1);  // row suppresses column
  at::Tensor stays = candidates;
  for (;;) {
    const at::Tensor next = candidates & ~(suppresses & stays.unsqueeze(1)).any(0);
    if (at::equal(next, stays)) return stays;
    stays = next;
  }
}

}  // namespace

at::Tensor nms(const at::Tensor& boxes_xyxy, const at::Tensor& scores, double iou_threshold) {
  const at::Tensor order = std::get<1>(at::sort(scores, /*stable=*/true, /*dim=*/0, /*descending=*/true));
  const at::Tensor sorted = boxes_xyxy.index_select(0, order);
  std::vector<at::Tensor> kept_boxes, kept_indices;
  for (int64_t begin = 0; begin < order.numel(); begin += kBlock) {
    const int64_t length = std::min(kBlock, order.numel() - begin);
    const at::Tensor block = sorted.narrow(0, begin, length);
    at::Tensor candidates = at::ones({length}, order.options().dtype(at::kBool));
    for (const at::Tensor& earlier : kept_boxes) candidates = candidates & ~overlaps(earlier, block, iou_threshold).any(0);
    const at::Tensor places = survivors_within(block, candidates, iou_threshold).nonzero().squeeze(1);
    kept_boxes.push_back(block.index_select(0, places));
    kept_indices.push_back(order.narrow(0, begin, length).index_select(0, places));
  }
  return at::cat(kept_indices);
}

}  // namespace mimdet::composite
