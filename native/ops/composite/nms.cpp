// NMS made of LibTorch calls. Blocks of boxes in falling order of score: those that an earlier block's survivors suppress go
// first; within the block, "stays unless a survivor before it overlaps" is repeated until nothing changes, which is the greedy
// result.
#include <ATen/TensorOperators.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/maximum.h>
#include <ATen/ops/minimum.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/sort.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/zeros_like.h>

#include <algorithm>
#include <vector>

#include "ops/kernels.h"
#include "ops/registration.h"

namespace mimdet::composite {
namespace {

constexpr int64_t kBlock = 512;  // bounds the memory of the pairwise overlaps

at::Tensor area_of(const at::Tensor& boxes) {
  return (boxes.select(1, 2) - boxes.select(1, 0)) * (boxes.select(1, 3) - boxes.select(1, 1));
}

/// Boxes in falling order of score; one overlaps another of its own class alone.
struct Rows {
  at::Tensor boxes, classes;  // (R, 4), (R)

  int64_t size() const { return classes.size(0); }
  Rows narrow(int64_t begin, int64_t length) const { return {boxes.narrow(0, begin, length), classes.narrow(0, begin, length)}; }
  Rows rows(const at::Tensor& places) const { return {boxes.index_select(0, places), classes.index_select(0, places)}; }
};

// -> (A, B): whether the IoU is above the threshold. float64 holds a float32 and the threshold alike.
at::Tensor overlaps(const Rows& a, const Rows& b, double iou_threshold) {
  const at::Tensor top_left = at::maximum(a.boxes.unsqueeze(1).narrow(2, 0, 2), b.boxes.unsqueeze(0).narrow(2, 0, 2));
  const at::Tensor bottom_right = at::minimum(a.boxes.unsqueeze(1).narrow(2, 2, 2), b.boxes.unsqueeze(0).narrow(2, 2, 2));
  const at::Tensor sides = (bottom_right - top_left).clamp_min(0);
  const at::Tensor shared = sides.select(2, 0) * sides.select(2, 1);
  const at::Tensor iou = shared / (area_of(a.boxes).unsqueeze(1) + area_of(b.boxes).unsqueeze(0) - shared);
  return (iou.to(at::kDouble) > iou_threshold) & (a.classes.unsqueeze(1) == b.classes.unsqueeze(0));
}

at::Tensor survivors_within(const Rows& block, const at::Tensor& candidates, double iou_threshold) {
  const at::Tensor suppresses = overlaps(block, block, iou_threshold).triu(1);  // row suppresses column
  at::Tensor stays = candidates;
  for (;;) {
    const at::Tensor next = candidates & ~(suppresses & stays.unsqueeze(1)).any(0);
    if (at::equal(next, stays)) return stays;
    stays = next;
  }
}

at::Tensor survivors_of(const Rows& sorted, double iou_threshold) {
  std::vector<Rows> kept;
  std::vector<at::Tensor> survive = {at::empty({0}, sorted.classes.options().dtype(at::kBool))};
  for (int64_t begin = 0; begin < sorted.size(); begin += kBlock) {
    const Rows block = sorted.narrow(begin, std::min(kBlock, sorted.size() - begin));
    at::Tensor candidates = at::ones({block.size()}, survive[0].options());
    for (const Rows& earlier : kept) candidates = candidates & ~overlaps(earlier, block, iou_threshold).any(0);
    survive.push_back(survivors_within(block, candidates, iou_threshold));
    kept.push_back(block.rows(survive.back().nonzero().squeeze(1)));
  }
  return at::cat(survive);
}

}  // namespace

at::Tensor nms_survivors(const at::Tensor& boxes_xyxy, const at::Tensor& classes, double iou_threshold) {
  std::vector<at::Tensor> pictures;
  for (int64_t n = 0; n < classes.size(0); ++n) pictures.push_back(survivors_of({boxes_xyxy[n], classes[n]}, iou_threshold));
  return pictures.empty() ? at::empty(classes.sizes(), classes.options().dtype(at::kBool)) : at::stack(pictures);
}

at::Tensor nms(const at::Tensor& boxes_xyxy, const at::Tensor& scores, double iou_threshold) {
  const at::Tensor order = std::get<1>(at::sort(scores, /*stable=*/true, /*dim=*/0, /*descending=*/true));
  const at::Tensor sorted = boxes_xyxy.index_select(0, order).unsqueeze(0);
  return order.masked_select(dispatch::nms_survivors(sorted, at::zeros_like(order).unsqueeze(0), iou_threshold)[0]);
}

}  // namespace mimdet::composite
