// The second stage: boxes first, then masks at the boxes that were kept.
// Before it: rpn. After it: postprocess.
#pragma once

#include <vector>

#include "base/cancel.h"
#include "model/box_head.h"
#include "model/config.h"
#include "model/fpn.h"
#include "model/mask_head.h"
#include "model/rpn.h"
#include "structures/instances.h"

namespace mimdet {

class RoiHeads {
 public:
  RoiHeads(const WeightSource& weights, const RoiConfig& config);

  std::vector<SelectedBoxes> boxes(const Pyramid& pyramid, const std::vector<Proposals>& proposals, const std::vector<SizeHw>& sizes,
                                   const DetectOptions& options) const;
  /// The same with one wait for the device.
  std::vector<Instances> boxes(const Pyramid& pyramid, const PaddedProposals& proposals, const std::vector<SizeHw>& sizes,
                               const DetectOptions& options) const;
  /// Fills `mask_probabilities` of each. Throws Cancelled between parts of fixed::kMasksAtATime.
  void add_masks(const Pyramid& pyramid, std::vector<Instances>& instances, const CancelFlag& cancel) const;

  const BoxHead& box_head() const { return box_head_; }
  const MaskHead& mask_head() const { return mask_head_; }

 private:
  RoiConfig config_;
  BoxHead box_head_;
  MaskHead mask_head_;
};

}  // namespace mimdet
