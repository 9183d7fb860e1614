// Classifies proposals and moves their boxes, then keeps the best per class.
// Before it: roi_pooler. After it: mask_head (boxes and classes). Girshick 2015; convolutions and one linear layer as in the reference.
#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

#include "model/config.h"
#include "model/detect_options.h"
#include "model/layers.h"
#include "structures/instances.h"

namespace mimdet {

struct BoxPredictions {
  at::Tensor class_logits;  // (R, C + 1), background last
  at::Tensor deltas;        // (R, 4C)
};

class BoxHead {
 public:
  BoxHead(const WeightSource& weights, const RoiConfig& config);

  at::Tensor features(const at::Tensor& pooled) const;             // (R, F, bins, bins) -> (R, fc)
  BoxPredictions predict(const at::Tensor& features) const;        // (R, fc) -> logits and deltas

 private:
  std::vector<PackedConv2d> convs_;
  PackedLinear fc1_;  // takes bins before channels, as the convolutions leave them
  PackedLinear class_logits_, deltas_;
};

/// Instances of one picture without masks, and which proposal each came from.
struct SelectedBoxes {
  Instances instances;
  at::Tensor proposal_index;  // (M) int64
};

/// Of scores (R, C): (C) bool, on their device, which classes were asked for.
at::Tensor wanted_classes(const std::vector<int64_t>& class_ids, const at::Tensor& scores);

/// Softmax, deltas, clip, score threshold, NMS per class, best of all. `proposals_xyxy` (R, 4) belong to `size`.
SelectedBoxes select_boxes(const BoxPredictions& predictions, const at::Tensor& proposals_xyxy, SizeHw size, const RoiConfig& config,
                           const DetectOptions& options);

}  // namespace mimdet
