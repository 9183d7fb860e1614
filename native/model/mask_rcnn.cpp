#include "model/mask_rcnn.h"

#include "model/fpn.h"
#include "model/mimdet_backbone.h"
#include "model/roi_heads.h"
#include "model/rpn.h"

namespace mimdet {

struct MaskRcnn::Stations {
  ModelConfig config;
  at::ScalarType dtype;
  MimdetBackbone backbone;
  Fpn fpn;
  Rpn rpn;
  RoiHeads roi_heads;

  Stations(ModelConfig model, const WeightSource& weights, at::Device device, at::ScalarType precision)
      : config(std::move(model)),
        dtype(precision),
        backbone(weights, config),
        fpn(weights),
        rpn(weights, config.rpn, device),
        roi_heads(weights, config.roi) {}
};

MaskRcnn::MaskRcnn(ModelConfig config, const StateDict& weights, at::Device device, at::ScalarType dtype)
    : stations_(std::make_unique<Stations>(std::move(config), WeightSource(weights, device, dtype), device, dtype)) {}

MaskRcnn::~MaskRcnn() = default;

std::vector<Instances> MaskRcnn::detect(const ImageBatch& images, const DetectOptions& options, const CancelFlag& cancel) const {
  const Pyramid pyramid = features(images, options, cancel);
  std::vector<Instances> instances = boxes(pyramid, images.sizes, options, cancel);
  if (options.masks) add_masks(pyramid, instances);
  return instances;
}

Pyramid MaskRcnn::features(const ImageBatch& images, const DetectOptions& options, const CancelFlag& cancel) const {
  const ImageBatch batch = {images.pixels.to(stations_->dtype), images.sizes};
  const BackboneFeatures features = stations_->backbone(batch, options, cancel);
  throw_if_cancelled(cancel);
  Pyramid pyramid = stations_->fpn(features);
  throw_if_cancelled(cancel);
  return pyramid;
}

std::vector<Instances> MaskRcnn::boxes(const Pyramid& pyramid, const std::vector<SizeHw>& sizes, const DetectOptions& options,
                                       const CancelFlag& cancel) const {
  const std::vector<Proposals> proposals = stations_->rpn(pyramid, sizes);
  throw_if_cancelled(cancel);
  std::vector<Instances> instances;
  for (SelectedBoxes& selected : stations_->roi_heads.boxes(pyramid, proposals, sizes, options))
    instances.push_back(std::move(selected.instances));
  throw_if_cancelled(cancel);
  return instances;
}

void MaskRcnn::add_masks(const Pyramid& pyramid, std::vector<Instances>& instances) const {
  stations_->roi_heads.add_masks(pyramid, instances);
}

const ModelConfig& MaskRcnn::config() const { return stations_->config; }

}  // namespace mimdet
