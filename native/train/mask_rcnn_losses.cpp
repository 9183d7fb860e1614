#include "train/mask_rcnn_losses.h"

#include <ATen/ops/cat.h>

#include "base/stopwatch.h"
#include "model/mask_loss.h"
#include "model/mask_targets.h"
#include "model/roi_pooler.h"
#include "model/roi_sampler.h"
#include "model/rpn_loss.h"
#include "train/heads.h"
#include "train/mixed_precision.h"
#include "train/pyramid.h"

namespace mimdet {
namespace {

RpnLosses first_stage(const RpnOutput& output, const at::Tensor& anchors, const std::vector<Targets>& targets, const RpnConfig& config,
                      TrainingDraws& draws) {
  std::vector<RpnTargets> wanted;
  for (size_t n = 0; n < targets.size(); ++n)
    wanted.push_back(rpn_targets(anchors, targets[n].boxes_xyxy, static_cast<int64_t>(n), config, draws));
  return rpn_losses(flat_logits(output), flat_deltas(output), wanted, config);
}

std::vector<SampledRois> sampled_rois(const std::vector<at::Tensor>& proposals, const std::vector<Targets>& targets, const ModelConfig& config,
                                      TrainingDraws& draws) {
  std::vector<SampledRois> rois;
  for (size_t n = 0; n < targets.size(); ++n)
    rois.push_back(sample_rois(proposals[n], targets[n], static_cast<int64_t>(n), config.num_classes(), config.roi, draws));
  return rois;
}

template <class Maps>
Maps as_float(Maps maps) {
  for (at::Tensor& map : maps) map = map.to(at::kFloat);
  return maps;
}

std::vector<at::Tensor> boxes_of(const std::vector<Proposals>& proposals) {
  std::vector<at::Tensor> boxes;
  for (const Proposals& picture : proposals) boxes.push_back(picture.boxes_xyxy);
  return boxes;
}

StepLosses counts(const std::vector<Targets>& targets, const std::vector<SampledRois>& rois) {
  StepLosses step;
  for (const Targets& picture : targets) step.objects += picture.boxes_xyxy.size(0);
  for (const SampledRois& picture : rois) step.foreground += picture.foreground;
  return step;
}

}  // namespace

MaskRcnnLosses::MaskRcnnLosses(const ModelConfig& config, const Parameters& parameters, bool checkpointing, at::ScalarType precision)
    : config_(config),
      parameters_(parameters),
      device_(parameters.tensors().front().value.device()),
      precision_(precision),
      backbone_(config, parameters, checkpointing),
      anchors_(config.rpn, device_) {}

template <class Network>
auto MaskRcnnLosses::in_precision(Network network) const {
  const train::MixedPrecision precision(device_, precision_);
  return network();
}

StepLosses MaskRcnnLosses::operator()(const ImageBatch& images, const std::vector<Targets>& targets, TrainingDraws& draws, double sample_ratio,
                                      const CancelFlag& cancel, const std::vector<at::Tensor>* given_proposals) const {
  Stopwatch watch;
  const Pyramid pyramid = as_float(in_precision([&] { return train::pyramid(parameters_, backbone_(images, draws, sample_ratio)); }));
  const double backbone_ms = watch.lap_ms();
  throw_if_cancelled(cancel);
  StepLosses step = from_pyramid(pyramid, images.sizes, targets, draws, cancel, given_proposals);
  step.forward_ms.backbone = backbone_ms;
  return step;
}

StepLosses MaskRcnnLosses::from_pyramid(const Pyramid& pyramid, const std::vector<SizeHw>& sizes, const std::vector<Targets>& targets,
                                        TrainingDraws& draws, const CancelFlag& cancel, const std::vector<at::Tensor>* given_proposals) const {
  Stopwatch watch;
  RpnOutput output = in_precision([&] { return train::rpn_head(parameters_, config_.rpn, pyramid); });
  output = {as_float(std::move(output.objectness_logits)), as_float(std::move(output.anchor_deltas))};
  const std::vector<at::Tensor>& anchors = anchors_(pyramid);
  const RpnLosses rpn = first_stage(output, at::cat(anchors), targets, config_.rpn, draws);
  const std::vector<at::Tensor> proposals =
      given_proposals ? *given_proposals : boxes_of(training_proposals(output, anchors, sizes, config_.rpn));
  const double rpn_ms = watch.lap_ms();
  throw_if_cancelled(cancel);

  const std::vector<SampledRois> rois = sampled_rois(proposals, targets, config_, draws);
  const BoxLosses box = box_stage(pyramid, rois);
  throw_if_cancelled(cancel);
  const at::Tensor mask = mask_stage(pyramid, rois, targets);

  StepLosses step = counts(targets, rois);
  step.losses = {rpn.classification, rpn.location, box.classification, box.regression, mask};
  step.forward_ms = {0, rpn_ms, watch.lap_ms()};
  return step;
}

BoxLosses MaskRcnnLosses::box_stage(const Pyramid& pyramid, const std::vector<SampledRois>& rois) const {
  std::vector<at::Tensor> boxes;
  for (const SampledRois& picture : rois) boxes.push_back(picture.boxes_xyxy.to(device_));
  const at::Tensor pooled = pool_rois(pyramid, boxes, config_.roi.box_pool);
  return box_losses(in_precision([&] { return train::box_head(parameters_, config_.roi, pooled); }), rois);
}

at::Tensor MaskRcnnLosses::mask_stage(const Pyramid& pyramid, const std::vector<SampledRois>& rois, const std::vector<Targets>& targets) const {
  std::vector<at::Tensor> boxes, classes, wanted;
  for (size_t n = 0; n < rois.size(); ++n) {
    const MaskRois own = mask_rois(rois[n], targets[n]);
    boxes.push_back(own.boxes_xyxy.to(device_));
    classes.push_back(own.classes);
    wanted.push_back(mask_targets(own, targets[n], 2 * config_.roi.mask_pool));
  }
  const at::Tensor pooled = pool_rois(pyramid, boxes, config_.roi.mask_pool);
  const at::Tensor logits = in_precision([&] { return train::mask_head(parameters_, config_.roi, pooled); });
  return mask_loss(logits, at::cat(classes), at::cat(wanted));
}

}  // namespace mimdet
