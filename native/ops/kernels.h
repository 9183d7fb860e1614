// Every kernel that registration.cpp registers. cpu: written out for the processor; composite: made of LibTorch calls, on any
// device, and the readable reference in the tests; autograd: ties forward and backward together. Arguments are checked already.
#pragma once

#include <ATen/core/Tensor.h>

namespace mimdet::cpu {

at::Tensor nms(const at::Tensor& boxes_xyxy, const at::Tensor& scores, double iou_threshold);
at::Tensor roi_align(const at::Tensor& features, const at::Tensor& rois, double spatial_scale, int64_t output_size);
/// grad (R, C, bins, bins) -> the gradient of the features, `feature_shape` = (N, C, H, W).
at::Tensor roi_align_backward(const at::Tensor& grad, const at::Tensor& rois, double spatial_scale, at::IntArrayRef feature_shape);

}  // namespace mimdet::cpu

namespace mimdet::composite {

at::Tensor nms_survivors(const at::Tensor& boxes_xyxy, const at::Tensor& classes, double iou_threshold);
at::Tensor nms(const at::Tensor& boxes_xyxy, const at::Tensor& scores, double iou_threshold);
at::Tensor roi_align(const at::Tensor& features, const at::Tensor& rois, double spatial_scale, int64_t output_size);
/// grad (R, C, bins, bins) -> the gradient of the features, `feature_shape` = (N, C, H, W).
at::Tensor roi_align_backward(const at::Tensor& grad, const at::Tensor& rois, double spatial_scale, at::IntArrayRef feature_shape);

}  // namespace mimdet::composite

// What the dispatcher calls where a gradient may be wanted.
namespace mimdet::autograd {

at::Tensor roi_align(const at::Tensor& features, const at::Tensor& rois, double spatial_scale, int64_t output_size);

}  // namespace mimdet::autograd
