#include "model/roi_heads.h"

#include <ATen/ops/cat.h>

#include <algorithm>

#include "model/padded_boxes.h"
#include "model/roi_pooler.h"

namespace mimdet {
namespace {

/// Rows first … end of what the pictures have one after the other, still told apart by picture.
std::vector<at::Tensor> rows_of_all(const std::vector<at::Tensor>& pictures, int64_t first, int64_t end) {
  std::vector<at::Tensor> part;
  int64_t start = 0;
  for (const at::Tensor& own : pictures) {
    const int64_t length = own.size(0);
    part.push_back(own.slice(0, std::clamp<int64_t>(first - start, 0, length), std::clamp<int64_t>(end - start, 0, length)));
    start += length;
  }
  return part;
}

}  // namespace

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

std::vector<Instances> RoiHeads::boxes(const Pyramid& pyramid, const PaddedProposals& proposals, const std::vector<SizeHw>& sizes,
                                       const DetectOptions& options) const {
  const at::Tensor pooled = pool_rois(pyramid, proposals.boxes_xyxy.unbind(0), config_.box_pool);
  return select_padded_boxes(box_head_.predict(box_head_.features(pooled)), proposals, sizes, config_, options);
}

void RoiHeads::add_masks(const Pyramid& pyramid, std::vector<Instances>& instances, const CancelFlag& cancel) const {
  std::vector<at::Tensor> boxes, classes;
  for (const Instances& picture : instances) {
    boxes.push_back(picture.boxes_xyxy);
    classes.push_back(picture.classes);
  }
  std::vector<at::Tensor> parts;
  int64_t first = 0;
  for (const at::Tensor& part : at::cat(classes).split(fixed::kMasksAtATime)) {
    throw_if_cancelled(cancel);
    const int64_t end = first + part.size(0);
    parts.push_back(mask_head_.probabilities(pool_rois(pyramid, rows_of_all(boxes, first, end), config_.mask_pool), part));
    first = end;
  }
  const at::Tensor probabilities = parts.size() == 1 ? parts[0] : at::cat(parts);
  first = 0;
  for (Instances& picture : instances) {
    const int64_t end = first + picture.boxes_xyxy.size(0);
    picture.mask_probabilities = probabilities.slice(0, first, end);
    first = end;
  }
}

}  // namespace mimdet
