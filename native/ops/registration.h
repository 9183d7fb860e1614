// The operators as PyTorch's dispatcher knows them: it takes the kernel for the tensors' device.
// The public functions of ops/<name>.h check their arguments, then call these.
#pragma once

#include <ATen/core/Tensor.h>

namespace mimdet::dispatch {

at::Tensor nms(const at::Tensor& boxes_xyxy, const at::Tensor& scores, double iou_threshold);
at::Tensor roi_align(const at::Tensor& features, const at::Tensor& rois, double spatial_scale, int64_t output_size);
at::Tensor roi_align_backward(const at::Tensor& grad, const at::Tensor& rois, double spatial_scale,
                              at::IntArrayRef feature_shape);

}  // namespace mimdet::dispatch
