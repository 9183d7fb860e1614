#include "model/roi_heads.h"

#include <ATen/ops/cat.h>

#include "model/roi_pooler.h"

namespace mimdet {

RoiHeads::RoiHeads(const WeightSource& weights, const RoiConfig& config)
    : config_(config), box_head_(weights, config), mask_head_(weights, config) {}

std::vector<SelectedBoxes> RoiHeads::boxes(const Pyramid& pyramid, const std::vector<Proposals>& proposals, const std::vector<SizeHw>& sizes,
                                           const DetectOptions& options) const {
  std::vector<at::Tensor> proposal_boxes;
  for (const Proposals& picture : proposals) proposal_boxes.push_back(picture.boxes_xyxy);
  const BoxPredictions all = box_head_.predict(box_head_.features(pool_rois(pyramid, proposal_boxes, config_.box_pool)));

  std::vector<SelectedBoxes> selected;
  int64_t first = 0;
  for (size_t n = 0; n < proposals.size(); ++n) {
    const int64_t end = first + proposal_boxes[n].size(0);
    const BoxPredictions own = {all.class_logits.slice(0, first, end), all.deltas.slice(0, first, end)};
    selected.push_back(select_boxes(own, proposal_boxes[n], sizes[n], config_, options));
    first = end;
  }
  return selected;
}

void RoiHeads::add_masks(const Pyramid& pyramid, std::vector<Instances>& instances) const {
  std::vector<at::Tensor> boxes, classes;
  for (const Instances& picture : instances) {
    boxes.push_back(picture.boxes_xyxy);
    classes.push_back(picture.classes);
  }
  const at::Tensor probabilities = mask_head_.probabilities(pool_rois(pyramid, boxes, config_.mask_pool), at::cat(classes));
  int64_t first = 0;
  for (Instances& picture : instances) {
    const int64_t end = first + picture.boxes_xyxy.size(0);
    picture.mask_probabilities = probabilities.slice(0, first, end);
    first = end;
  }
}

}  // namespace mimdet
