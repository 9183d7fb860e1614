// The operators as PyTorch's dispatcher knows them: it takes the kernel for the tensors' device.
// The public functions of ops/<name>.h check their arguments, then call these.
#pragma once

#include <ATen/core/Tensor.h>

#include <tuple>

namespace mimdet::dispatch {

at::Tensor nms(const at::Tensor& boxes_xyxy, const at::Tensor& scores, double iou_threshold);
/// boxes_xyxy (N, K, 4), each picture's in falling order of score, and classes (N, K) -> (N, K) bool: whether a box stays, where only boxes of
/// one picture and one class meet. Nobody waits for the device where it has kernels of its own.
at::Tensor nms_survivors(const at::Tensor& boxes_xyxy, const at::Tensor& classes, double iou_threshold);
at::Tensor roi_align(const at::Tensor& features, const at::Tensor& rois, double spatial_scale, int64_t output_size);
at::Tensor roi_align_backward(const at::Tensor& grad, const at::Tensor& rois, double spatial_scale,
                              at::IntArrayRef feature_shape);

/// Whether the next four can be called for tensors of this device. They are there for CUDA alone, where the plugin is.
bool has_device_kernels(const at::Device& device);

/// roi_align of each box on the map `features[levels[r]]`, all in one go: features (N, C, h, w) each, rois (R, 5), levels (R) int64,
/// one spatial scale a map -> (R, C, output_size, output_size). It has no gradient.
at::Tensor roi_align_levels(at::TensorList features, const at::Tensor& rois, const at::Tensor& levels, at::ArrayRef<double> spatial_scales,
                            int64_t output_size);

/// probabilities (M, S, S), boxes_xyxy (M, 4) -> on the CPU, int64: the places where each mask changes, counted column by column,
/// one mask after the other; and (M) where each one's end among them.
std::tuple<at::Tensor, at::Tensor> paste_changes(const at::Tensor& probabilities, const at::Tensor& boxes_xyxy, int64_t height,
                                                 int64_t width);

/// rgb (h, w, 3) bytes -> planes (3, H, W) float32, contiguous: (x - mean) / std, zeros at the right and the bottom.
void normalise_pad(at::Tensor& planes, const at::Tensor& rgb, at::ArrayRef<double> pixel_mean, at::ArrayRef<double> pixel_std);

/// One step of AdamW, in place, for float32 numbers that lie in one piece. `update`: the members of AdamwUpdate (ops/cuda/adamw_kernel.h).
void adamw_step(at::Tensor& value, at::Tensor& first, at::Tensor& second, const at::Tensor& gradient, at::ArrayRef<double> update);

}  // namespace mimdet::dispatch
