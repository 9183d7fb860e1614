#include "ops/nms.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/sort.h>
#include <ATen/ops/unique_consecutive.h>

#include <vector>

#include "ops/argument_checks.h"
#include "ops/registration.h"

namespace mimdet {
namespace {

void require_boxes(const at::Tensor& boxes, const at::Tensor& scores) {
  require_shape(boxes, "boxes_xyxy", {-1, 4});
  require_shape(scores, "scores", {boxes.size(0)});
  require_floating(boxes, "boxes_xyxy");
  if (scores.scalar_type() != boxes.scalar_type())
    fail_expected(ErrorCode::kInvalidArgument, "the type of `boxes_xyxy`", "scores", toString(scores.scalar_type()));
}

// Above this many numbers torchvision goes class by class; below, the shift costs bits that decide about boxes near the
// threshold.
int64_t most_numbers_to_shift(const at::Device& device) { return device.is_cpu() ? 4'000 : 100'000; }

at::Tensor nms_of_shifted(const at::Tensor& boxes, const at::Tensor& scores, const at::Tensor& classes, double iou_threshold) {
  const at::Tensor shift = classes.to(boxes.scalar_type()) * (boxes.max() + 1);
  return nms(boxes + shift.unsqueeze(1), scores, iou_threshold);
}

/// All classes at once, where the device has a kernel that tells them apart.
at::Tensor nms_of_all_classes(const at::Tensor& boxes, const at::Tensor& scores, const at::Tensor& classes, double iou_threshold) {
  const at::Tensor order = std::get<1>(at::sort(scores, /*stable=*/true, /*dim=*/0, /*descending=*/true));
  return order.masked_select(nms_survivors(boxes.index_select(0, order).unsqueeze(0), classes.index_select(0, order).unsqueeze(0), iou_threshold)[0]);
}

at::Tensor nms_of_each_class(const at::Tensor& boxes, const at::Tensor& scores, const at::Tensor& classes, double iou_threshold) {
  const auto [sorted_classes, by_class] = at::sort(classes, /*stable=*/true, /*dim=*/0, /*descending=*/false);
  const at::Tensor counts = std::get<2>(at::unique_consecutive(sorted_classes, false, /*return_counts=*/true)).cpu();
  std::vector<at::Tensor> kept;
  for (int64_t i = 0, begin = 0; i < counts.numel(); begin += counts.data_ptr<int64_t>()[i++]) {
    const at::Tensor members = by_class.narrow(0, begin, counts.data_ptr<int64_t>()[i]);
    kept.push_back(members.index_select(0, nms(boxes.index_select(0, members), scores.index_select(0, members), iou_threshold)));
  }
  // Equal scores stay in the order of the input, whatever their class.
  const at::Tensor all = std::get<0>(at::sort(at::cat(kept)));
  const at::Tensor order = std::get<1>(at::sort(scores.index_select(0, all), /*stable=*/true, /*dim=*/0, /*descending=*/true));
  return all.index_select(0, order);
}

}  // namespace

at::Tensor nms(const at::Tensor& boxes_xyxy, const at::Tensor& scores, double iou_threshold) {
  require_boxes(boxes_xyxy, scores);
  if (boxes_xyxy.size(0) == 0) return at::empty({0}, scores.options().dtype(at::kLong));
  return dispatch::nms(boxes_xyxy, scores, iou_threshold);
}

at::Tensor nms_survivors(const at::Tensor& boxes_xyxy, const at::Tensor& classes, double iou_threshold) {
  require_shape(boxes_xyxy, "boxes_xyxy", {-1, -1, 4});
  require_shape(classes, "classes", {boxes_xyxy.size(0), boxes_xyxy.size(1)});
  require_floating(boxes_xyxy, "boxes_xyxy");
  return dispatch::nms_survivors(boxes_xyxy, classes, iou_threshold);
}

at::Tensor batched_nms(const at::Tensor& boxes_xyxy, const at::Tensor& scores, const at::Tensor& classes, double iou_threshold) {
  require_boxes(boxes_xyxy, scores);
  require_shape(classes, "classes", {boxes_xyxy.size(0)});
  if (boxes_xyxy.size(0) == 0) return at::empty({0}, scores.options().dtype(at::kLong));
  if (dispatch::has_device_kernels(boxes_xyxy.device())) return nms_of_all_classes(boxes_xyxy, scores, classes, iou_threshold);
  const bool shift = boxes_xyxy.numel() <= most_numbers_to_shift(boxes_xyxy.device());
  return (shift ? nms_of_shifted : nms_of_each_class)(boxes_xyxy, scores, classes, iou_threshold);
}

}  // namespace mimdet
