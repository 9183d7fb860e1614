#include "model/mask_rcnn.h"

#include "model/arithmetic.h"
#include "model/fpn.h"
#include "model/mimdet_backbone.h"
#include "model/roi_heads.h"
#include "model/rpn.h"
#include "ops/registration.h"

namespace mimdet {
namespace {

template <class Pictures>
int64_t count_boxes(const Pictures& pictures) {
  int64_t count = 0;
  for (const auto& picture : pictures) count += picture.boxes_xyxy.size(0);
  return count;
}

}  // namespace

struct MaskRcnn::Stations {
  ModelConfig config;
  at::ScalarType dtype;
  MimdetBackbone backbone;
  Fpn fpn;
  Rpn rpn;
  RoiHeads roi_heads;

  Stations(ModelConfig model, const WeightSource& weights, at::Device device, at::ScalarType precision)
      : config(std::move(model)),
        dtype(layer_dtype(precision)),
        backbone(weights, config),
        fpn(weights),
        rpn(weights, config.rpn, device),
        roi_heads(weights, config.roi) {}
};

MaskRcnn::MaskRcnn(ModelConfig config, const StateDict& weights, at::Device device, at::ScalarType dtype)
    : stations_(std::make_unique<Stations>(std::move(config), WeightSource(weights, device, dtype), device, dtype)) {}

MaskRcnn::~MaskRcnn() = default;

std::vector<Instances> MaskRcnn::detect(const ImageBatch& images, const DetectOptions& options, const CancelFlag& cancel,
                                        StationLog* log) const {
  const Pyramid pyramid = features(images, options, cancel, log);
  std::vector<Instances> instances = boxes(pyramid, images.sizes, options, cancel, log);
  if (options.masks) add_masks(pyramid, instances, cancel, log);
  return instances;
}

Pyramid MaskRcnn::features(const ImageBatch& images, const DetectOptions& options, const CancelFlag& cancel, StationLog* log) const {
  start(log);
  const ImageBatch batch = {images.pixels.to(stations_->dtype), images.sizes};
  const BackboneFeatures features = stations_->backbone(batch, options, cancel, log);
  throw_if_cancelled(cancel);
  Pyramid pyramid = stations_->fpn(features);
  finished(Station::kPyramid, log);
  count(config(), {.padded = images.padded_size(), .sample_ratio = options.sample_ratio, .pictures = std::ssize(images.sizes)}, log);
  throw_if_cancelled(cancel);
  return pyramid;
}

std::vector<Instances> MaskRcnn::boxes(const Pyramid& pyramid, const std::vector<SizeHw>& sizes, const DetectOptions& options,
                                       const CancelFlag& cancel, StationLog* log) const {
  if (dispatch::has_device_kernels(pyramid[0].device())) return boxes_of_batch(pyramid, sizes, options, cancel, log);
  start(log);
  const std::vector<Proposals> proposals = stations_->rpn(pyramid, sizes);
  finished(Station::kProposals, log);
  throw_if_cancelled(cancel);
  std::vector<Instances> instances;
  for (SelectedBoxes& selected : stations_->roi_heads.boxes(pyramid, proposals, sizes, options))
    instances.push_back(std::move(selected.instances));
  finished(Station::kBoxHead, log);
  count(config(), {.proposals = count_boxes(proposals)}, log);
  throw_if_cancelled(cancel);
  return instances;
}

std::vector<Instances> MaskRcnn::boxes_of_batch(const Pyramid& pyramid, const std::vector<SizeHw>& sizes, const DetectOptions& options,
                                                const CancelFlag& cancel, StationLog* log) const {
  start(log);
  const PaddedProposals proposals = stations_->rpn.padded(pyramid, sizes);
  finished(Station::kProposals, log);
  std::vector<Instances> instances = stations_->roi_heads.boxes(pyramid, proposals, sizes, options);
  finished(Station::kBoxHead, log);
  count(config(), {.proposals = proposals.is_there.numel()}, log);
  throw_if_cancelled(cancel);
  return instances;
}

void MaskRcnn::add_masks(const Pyramid& pyramid, std::vector<Instances>& instances, const CancelFlag& cancel, StationLog* log) const {
  start(log);
  stations_->roi_heads.add_masks(pyramid, instances, cancel);
  finished(Station::kMaskHead, log);
  count(config(), {.masks = count_boxes(instances)}, log);
}

const ModelConfig& MaskRcnn::config() const { return stations_->config; }

}  // namespace mimdet
