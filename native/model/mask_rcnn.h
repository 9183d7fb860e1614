// The map of the model: image batch -> backbone -> FPN -> RPN -> RoI heads -> instances.
#pragma once

#include <ATen/core/Tensor.h>

#include <memory>
#include <vector>

#include "base/cancel.h"
#include "model/config.h"
#include "model/detect_options.h"
#include "model/fpn.h"
#include "model/stations.h"
#include "model/weight_source.h"
#include "structures/image_batch.h"
#include "structures/instances.h"

namespace mimdet {

class MaskRcnn {
 public:
  /// Builds the model for inference: norms folded, weights moved to `device` and `dtype`.
  MaskRcnn(ModelConfig config, const StateDict& weights, at::Device device, at::ScalarType dtype);
  ~MaskRcnn();

  /// One Instances for each picture of the batch, boxes at the batch's (resized) size. Throws Cancelled between stations.
  /// Adds to `log` what the pass spent. Not to be called from two threads at once.
  std::vector<Instances> detect(const ImageBatch& images, const DetectOptions& options, const CancelFlag& cancel,
                                StationLog* log = nullptr) const;

  // The same in its three parts, for callers that do something in between (test-time augmentation).
  Pyramid features(const ImageBatch& images, const DetectOptions& options, const CancelFlag& cancel, StationLog* log = nullptr) const;
  /// Without masks.
  std::vector<Instances> boxes(const Pyramid& pyramid, const std::vector<SizeHw>& sizes, const DetectOptions& options,
                               const CancelFlag& cancel, StationLog* log = nullptr) const;
  /// The same, all pictures at once and with one wait for the device: the way of GPUs with our kernels, and possible everywhere.
  std::vector<Instances> boxes_of_batch(const Pyramid& pyramid, const std::vector<SizeHw>& sizes, const DetectOptions& options,
                                        const CancelFlag& cancel, StationLog* log = nullptr) const;
  /// Fills `mask_probabilities` of each picture's instances.
  void add_masks(const Pyramid& pyramid, std::vector<Instances>& instances, const CancelFlag& cancel, StationLog* log = nullptr) const;

  const ModelConfig& config() const;

 private:
  struct Stations;
  std::unique_ptr<Stations> stations_;
};

}  // namespace mimdet
