#include "model/padded_proposals.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/full_like.h>
#include <ATen/ops/isfinite.h>
#include <ATen/ops/topk.h>
#include <ATen/ops/where.h>

#include <algorithm>
#include <limits>

#include "model/box_codec.h"
#include "model/padded_rows.h"
#include "ops/nms.h"

namespace mimdet {
namespace {

constexpr double kNothing = -std::numeric_limits<double>::infinity();

/// Of all pictures, K candidates each.
struct Candidates {
  std::vector<at::Tensor> boxes, logits, levels;  // of each level
};

/// logits (N, h · w · A), deltas (N, h · w · A, 4), anchors (h · w · A, 4).
void add_level(Candidates& all, int64_t level, const at::Tensor& logits, const at::Tensor& deltas, const at::Tensor& anchors, int64_t top) {
  const auto [best, index] = at::topk(logits.to(at::kFloat), std::min(top, logits.size(1)));
  const at::Tensor own_deltas = rows_at(deltas, index).flatten(0, 1), own_anchors = anchors.index_select(0, index.flatten());
  all.boxes.push_back(apply_deltas(own_deltas, own_anchors, fixed::kRpnBoxWeights).view({index.size(0), index.size(1), 4}));
  all.logits.push_back(best);
  all.levels.push_back(at::full_like(index, level));
}

}  // namespace

PaddedProposals padded_proposals(const RpnOutput& output, const std::vector<at::Tensor>& anchors, const std::vector<SizeHw>& sizes,
                                 const RpnConfig& config) {
  Candidates all;
  for (size_t level = 0; level < anchors.size(); ++level)
    add_level(all, static_cast<int64_t>(level), flat_logits(output.objectness_logits[level]), flat_deltas(output.anchor_deltas[level]), anchors[level],
              config.pre_nms_topk_test);
  at::Tensor boxes = at::cat(all.boxes, 1), logits = at::cat(all.logits, 1);  // (N, K, 4), (N, K)
  const at::Tensor finite = at::isfinite(boxes).all(2).logical_and(at::isfinite(logits));
  boxes = clip_to_each(boxes, sizes);
  const at::Tensor usable = finite.logical_and(has_area(boxes));
  logits = at::where(usable, logits, kNothing);
  boxes = at::where(usable.unsqueeze(2), boxes, 0.0);

  const at::Tensor order = falling_order(logits);
  boxes = rows_at(boxes, order);
  logits = logits.gather(1, order);
  const at::Tensor stays = nms_survivors(boxes, at::cat(all.levels, 1).gather(1, order), config.nms_threshold).logical_and(logits.isfinite());
  const at::Tensor kept = first_of(stays, config.post_nms_topk_test), is_there = stays.gather(1, kept);
  return {at::where(is_there.unsqueeze(2), rows_at(boxes, kept), 0.0), at::where(is_there, logits.gather(1, kept), kNothing), is_there};
}

}  // namespace mimdet
