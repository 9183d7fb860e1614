// The proposals of a batch in tensors of one size, so that a GPU never has to tell the host how many there are: what proposals.h chooses,
// for all pictures at once. Before it: the RPN head. After it: roi_heads.
#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

#include "base/geometry.h"
#include "model/config.h"
#include "model/proposals.h"

namespace mimdet {

struct PaddedProposals {
  at::Tensor boxes_xyxy;         // (N, P, 4) float32, best first, pixels of the resized picture; zeros where there is none
  at::Tensor objectness_logits;  // (N, P) float32; -inf where there is none
  at::Tensor is_there;           // (N, P) bool
};

/// The choice of inference_proposals, from the same arguments.
PaddedProposals padded_proposals(const RpnOutput& output, const std::vector<at::Tensor>& anchors, const std::vector<SizeHw>& sizes,
                                 const RpnConfig& config);

}  // namespace mimdet
