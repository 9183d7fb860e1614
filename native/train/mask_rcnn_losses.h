// The map of one training step: images and targets -> backbone -> FPN -> RPN -> RoI heads -> five losses, ready for backward.
// Before it: batch. After it: trainer (backward, clip, update). Paper, section 3; Ren et al. 2015, He et al. 2017.
#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

#include "base/cancel.h"
#include "model/anchors.h"
#include "model/box_loss.h"
#include "model/config.h"
#include "model/proposals.h"
#include "model/targets.h"
#include "model/training_draws.h"
#include "structures/image_batch.h"
#include "train/backbone.h"
#include "train/parameters.h"

namespace mimdet {

/// Scalars, each with its gradient; their sum is what a step descends.
struct Losses {
  at::Tensor rpn_cls, rpn_loc, cls, box_reg, mask;
  at::Tensor total() const { return rpn_cls + rpn_loc + cls + box_reg + mask; }
};

struct StepLosses {
  Losses losses;
  int64_t objects = 0;     // in the batch
  int64_t foreground = 0;  // RoIs of the box loss
  struct {
    double backbone = 0, rpn = 0, roi = 0;
  } forward_ms;
};

class MaskRcnnLosses {
 public:
  /// `parameters` must outlive it. `checkpointing` recomputes the stem and the transformer blocks in the backward pass: less memory, more work.
  /// `precision`: of the network's layers, kFloat, kBFloat16 or kHalf; pooling and losses are float32.
  MaskRcnnLosses(const ModelConfig& config, const Parameters& parameters, bool checkpointing = false, at::ScalarType precision = at::kFloat);

  /// The losses of one batch; `targets` of each picture. The encoder sees `sample_ratio` of the patches (1: all, nothing is drawn).
  /// Moves BatchNorm's running statistics. Proposals of each picture may be `given` (R, 4), for tests. Error(kDiverged) where the forward
  /// pass is not finite any more; Cancelled between stations.
  StepLosses operator()(const ImageBatch& images, const std::vector<Targets>& targets, TrainingDraws& draws, double sample_ratio,
                        const CancelFlag& cancel = nullptr, const std::vector<at::Tensor>* given_proposals = nullptr) const;

  /// The second half alone: everything after the pyramid. `sizes` of the unpadded pictures.
  StepLosses from_pyramid(const Pyramid& pyramid, const std::vector<SizeHw>& sizes, const std::vector<Targets>& targets, TrainingDraws& draws,
                          const CancelFlag& cancel = nullptr, const std::vector<at::Tensor>* given_proposals = nullptr) const;

  const train::Backbone& backbone() const { return backbone_; }

 private:
  ModelConfig config_;
  const Parameters& parameters_;
  at::Device device_;
  at::ScalarType precision_;
  train::Backbone backbone_;
  Anchors anchors_;

  /// What `network` returns, its layers computed in the precision.
  template <class Network>
  auto in_precision(Network network) const;
  BoxLosses box_stage(const Pyramid& pyramid, const std::vector<SampledRois>& rois) const;
  at::Tensor mask_stage(const Pyramid& pyramid, const std::vector<SampledRois>& rois, const std::vector<Targets>& targets) const;
};

}  // namespace mimdet
