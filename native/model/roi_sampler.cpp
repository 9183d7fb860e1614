#include "model/roi_sampler.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/full.h>
#include <ATen/ops/tensor.h>

#include "model/matcher.h"

namespace mimdet {
namespace {

/// (B) int64: the class of each box's object, or background.
at::Tensor classes_of(const Matches& matches, const at::Tensor& object_classes, int64_t background) {
  const at::Tensor none = at::full(matches.labels.sizes(), background, at::kLong);
  if (object_classes.size(0) == 0) return none;
  return object_classes.index_select(0, matches.objects).where(matches.labels.eq(1), none);
}

}  // namespace

at::Tensor with_true_boxes(const at::Tensor& proposals_xyxy, const Targets& targets) {
  return at::cat({proposals_xyxy.detach().to(at::kFloat), targets.boxes_xyxy.to(proposals_xyxy.device())});
}

SampledRois sample_rois(const at::Tensor& proposals_xyxy, const Targets& targets, int64_t picture, int64_t num_classes,
                        const RoiConfig& config, TrainingDraws& draws) {
  const at::Tensor boxes = with_true_boxes(proposals_xyxy.cpu(), targets), objects = targets.boxes_xyxy.cpu();
  const Matches matches = match_proposals(objects, boxes);
  const at::Tensor classes = classes_of(matches, targets.classes.cpu(), num_classes);
  const SampledLabels sampled = draws.roi_labels(picture, classes, num_classes, config.batch_per_image, config.positive_fraction);
  const at::Tensor chosen = at::cat({sampled.positive, sampled.negative});
  const at::Tensor own_objects = matches.objects.index_select(0, sampled.positive);
  return {boxes.index_select(0, chosen), classes.index_select(0, chosen), matches.objects.index_select(0, chosen),
          objects.index_select(0, own_objects), sampled.positive.numel()};
}

MaskRois mask_rois(const SampledRois& rois, const Targets& targets) {
  std::vector<int64_t> with_mask;
  const int64_t* objects = rois.objects.const_data_ptr<int64_t>();
  for (int64_t i = 0; i < rois.foreground; ++i)
    if (!std::holds_alternative<std::monostate>(targets.masks[objects[i]])) with_mask.push_back(i);
  const at::Tensor places = at::tensor(with_mask, at::kLong);
  return {rois.boxes_xyxy.index_select(0, places), rois.classes.index_select(0, places), rois.objects.index_select(0, places)};
}

}  // namespace mimdet
