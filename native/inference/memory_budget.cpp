#include "inference/memory_budget.h"

#include <algorithm>

namespace mimdet {
namespace {

constexpr double kFloatBytes = 4;

double pixels_of(SizeHw size) { return static_cast<double>(size.height) * static_cast<double>(size.width); }

/// Of the pyramid: strides 4, 8, …, a third more than the first.
double places_of(SizeHw padded_size) { return pixels_of(padded_size) / 16 * 4 / 3; }

/// Of the boxes that go through the mask head at a time: pooled, two layers of a convolution, and the doubled map.
double mask_numbers(const ModelConfig& config, int64_t masks) {
  const double bins = static_cast<double>(config.roi.mask_pool * config.roi.mask_pool);
  const double width = static_cast<double>(std::max(config.fpn_channels, config.roi.mask_conv_dim));
  return static_cast<double>(std::min(masks, fixed::kMasksAtATime)) * bins * width * (1 + 2 + 4);
}

}  // namespace

double forward_bytes(const ModelConfig& config, SizeHw padded_size, int64_t masks) {
  const double pixels = pixels_of(padded_size);
  const double patches = pixels / (fixed::kStride * fixed::kStride);
  const double dim = static_cast<double>(config.encoder.dim);
  const double input = pixels * 3 * 2;           // as bytes, normalised, in the model's precision
  const double stem = pixels / 4 * dim / 8 * 2;  // first stage: convolved, then normalised
  const double tokens = patches * dim * (4 + config.encoder.mlp_ratio);
  const double pyramid = pyramid_bytes(config, padded_size) / kFloatBytes * 4;  // lateral, output; RPN's two
  const double anchors = places_of(padded_size) * static_cast<double>(config.rpn.anchors_per_place(0)) * (4 + 4 + 1) * 2;  // box, deltas, logit; in rows
  const double bins = static_cast<double>(config.roi.box_pool * config.roi.box_pool);
  const double rois = static_cast<double>(config.rpn.post_nms_topk_test * config.fpn_channels) * bins;
  return std::max(input + stem + tokens + pyramid + anchors + rois, pyramid + mask_numbers(config, masks)) * kFloatBytes;
}

double pyramid_bytes(const ModelConfig& config, SizeHw padded_size) {
  return places_of(padded_size) * static_cast<double>(config.fpn_channels) * kFloatBytes;
}

}  // namespace mimdet
