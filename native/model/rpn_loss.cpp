#include "model/rpn_loss.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/binary_cross_entropy_with_logits.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/l1_loss.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/zeros.h>

#include "model/box_codec.h"
#include "model/matcher.h"

namespace mimdet {

RpnTargets rpn_targets(const at::Tensor& anchors_xyxy, const at::Tensor& object_boxes_xyxy, int64_t picture,
                       const RpnConfig& config, TrainingDraws& draws) {
  const at::Tensor anchors = anchors_xyxy.cpu(), objects = object_boxes_xyxy.cpu();
  const Matches matches = match_anchors(objects, anchors);
  const SampledLabels sampled = draws.rpn_labels(picture, matches.labels, config.batch_per_image, config.positive_fraction);
  const at::Tensor own_objects = objects.index_select(0, matches.objects.index_select(0, sampled.positive));
  return {sampled.positive, sampled.negative,
          box_deltas(anchors.index_select(0, sampled.positive), own_objects, fixed::kRpnBoxWeights)};
}

RpnLosses rpn_losses(const at::Tensor& logits, const at::Tensor& deltas, const std::vector<RpnTargets>& targets,
                     const RpnConfig& config) {
  const int64_t anchors = logits.size(1);
  std::vector<at::Tensor> positive, negative, moves;
  for (size_t n = 0; n < targets.size(); ++n) {
    const int64_t first = static_cast<int64_t>(n) * anchors;  // of the picture, in a batch laid end to end
    positive.push_back(targets[n].positive + first);
    negative.push_back(targets[n].negative + first);
    moves.push_back(targets[n].positive_deltas);
  }
  const at::Device device = logits.device();
  const at::Tensor objects = at::cat(positive).to(device), background = at::cat(negative).to(device);
  const at::Tensor sampled = logits.to(at::kFloat).reshape({-1}).index_select(0, at::cat({objects, background}));
  const at::Tensor truth =
      at::cat({at::ones({objects.numel()}, sampled.options()), at::zeros({background.numel()}, sampled.options())});
  const at::Tensor predicted = deltas.to(at::kFloat).reshape({-1, 4}).index_select(0, objects);

  const double share = 1.0 / static_cast<double>(config.batch_per_image * static_cast<int64_t>(targets.size()));
  return {at::binary_cross_entropy_with_logits(sampled, truth, {}, {}, at::Reduction::Sum) * share,
          at::l1_loss(predicted, at::cat(moves).to(device), at::Reduction::Sum) * share};
}

}  // namespace mimdet
