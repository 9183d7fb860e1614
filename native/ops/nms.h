// Non-maximum suppression: of boxes that overlap, the one with the higher score stays.
// Before it: rpn (per level), roi_heads (per class). Same decisions as torchvision's.
#pragma once

#include <ATen/core/Tensor.h>

namespace mimdet {

/// Indices (K) of the boxes that stay, highest score first, equal scores in their order. A box goes when its IoU with one that
/// stays is strictly greater than `iou_threshold`. boxes_xyxy (R, 4) and scores (R) share device and type, float32 or float64.
/// Throws Error(kInvalidArgument) for other shapes or types.
at::Tensor nms(const at::Tensor& boxes_xyxy, const at::Tensor& scores, double iou_threshold);

/// The same within each class: classes (R) int64, not negative. As torchvision does it: few boxes (up to 1,000 on the CPU, 25,000
/// elsewhere) are shifted apart by class and go through one NMS, which costs float32 bits; more go class by class. On a GPU with our
/// kernels all go through one, unshifted.
at::Tensor batched_nms(const at::Tensor& boxes_xyxy, const at::Tensor& scores, const at::Tensor& classes, double iou_threshold);

/// For many pictures, with nothing whose size hangs on the numbers: boxes_xyxy (N, K, 4), each picture's in falling order of score, classes
/// (N, K) int64 -> (N, K) bool, whether a box stays among those of its picture and class.
at::Tensor nms_survivors(const at::Tensor& boxes_xyxy, const at::Tensor& classes, double iou_threshold);

}  // namespace mimdet
