// Which proposals the heads learn from: a few hundred a picture, at most a quarter of them on objects.
// Before it: proposals. After it: box_loss (all), mask_targets and mask_loss (those on objects that have a mask). Girshick
// 2015, section 2.3.
#pragma once

#include <ATen/core/Tensor.h>

#include "model/config.h"
#include "model/targets.h"
#include "model/training_draws.h"

namespace mimdet {

/// Of one picture, on the CPU; the foreground stands first.
struct SampledRois {
  at::Tensor boxes_xyxy;    // (R, 4) float32
  at::Tensor classes;       // (R) int64; the number of classes is background
  at::Tensor objects;       // (R) int64: the object of best IoU, also of background; 0 where the picture has none
  at::Tensor target_boxes;  // (F, 4) float32: of the foreground's objects
  int64_t foreground = 0;   // F
};

/// Candidates: the proposals (P, 4), then the true boxes: (P + G, 4).
at::Tensor with_true_boxes(const at::Tensor& proposals_xyxy, const Targets& targets);

/// Appends the true boxes, matches, and samples. `picture`: its number in the batch.
SampledRois sample_rois(const at::Tensor& proposals_xyxy, const Targets& targets, int64_t picture, int64_t num_classes,
                        const RoiConfig& config, TrainingDraws& draws);

/// The foreground whose objects have a mask: what the mask head sees of one picture.
struct MaskRois {
  at::Tensor boxes_xyxy;  // (M, 4)
  at::Tensor classes;     // (M) int64
  at::Tensor objects;     // (M) int64
};

MaskRois mask_rois(const SampledRois& rois, const Targets& targets);

}  // namespace mimdet
