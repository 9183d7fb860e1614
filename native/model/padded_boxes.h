// The end of the box head for a whole batch, with one wait for the device: what select_boxes chooses, in tensors of one size.
// Before it: padded_proposals, box_head (predictions). After it: mask_head.
#pragma once

#include <vector>

#include "model/box_head.h"
#include "model/padded_proposals.h"

namespace mimdet {

/// `predictions`: of all proposals, picture after picture, N · P rows. -> N instances without masks, those of select_boxes.
std::vector<Instances> select_padded_boxes(const BoxPredictions& predictions, const PaddedProposals& proposals, const std::vector<SizeHw>& sizes,
                                           const RoiConfig& config, const DetectOptions& options);

}  // namespace mimdet
