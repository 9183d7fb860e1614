#include "model/proposals.h"

#include <ATen/Parallel.h>
#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/full.h>
#include <ATen/ops/isfinite.h>
#include <ATen/ops/topk.h>

#include <algorithm>

#include "base/error.h"
#include "model/box_codec.h"
#include "ops/nms.h"

namespace mimdet {
namespace {

struct Limits {
  int64_t pre_nms_topk, post_nms_topk;  // per level; over all levels
  double nms_threshold;
};

/// Boxes, logits and level of the best anchors of one picture.
struct Candidates {
  std::vector<at::Tensor> boxes, logits, levels;
};

/// logits (h · w · A), deltas and anchors (h · w · A, 4).
void add_level(Candidates& all, int64_t level, const at::Tensor& logits, const at::Tensor& deltas, const at::Tensor& anchors,
               int64_t top) {
  const auto [best, index] = at::topk(logits.to(at::kFloat), std::min(top, logits.size(0)));
  all.boxes.push_back(apply_deltas(deltas.index_select(0, index), anchors.index_select(0, index), fixed::kRpnBoxWeights));
  all.logits.push_back(best);
  all.levels.push_back(at::full({best.size(0)}, level, index.options()));
}

Candidates candidates(const RpnOutput& output, const std::vector<at::Tensor>& anchors, int64_t picture, int64_t top) {
  Candidates all;
  for (size_t level = 0; level < anchors.size(); ++level)
    add_level(all, static_cast<int64_t>(level), flat_logits(output.objectness_logits[level].narrow(0, picture, 1))[0],
              flat_deltas(output.anchor_deltas[level].narrow(0, picture, 1))[0], anchors[level], top);
  return all;
}

at::Tensor finite_rows(const at::Tensor& boxes, const at::Tensor& logits) {
  return at::isfinite(boxes).all(1).logical_and(at::isfinite(logits));
}

Proposals survivors(const Candidates& all, SizeHw size, const Limits& limits) {
  at::Tensor boxes = at::cat(all.boxes), logits = at::cat(all.logits), levels = at::cat(all.levels);
  const at::Tensor finite = finite_rows(boxes, logits);
  boxes = clip_boxes(boxes, size);
  const at::Tensor usable = finite.logical_and(nonempty_boxes(boxes)).nonzero().squeeze(1);
  boxes = boxes.index_select(0, usable);
  logits = logits.index_select(0, usable);
  const at::Tensor kept =
      batched_nms(boxes, logits, levels.index_select(0, usable), limits.nms_threshold).slice(0, 0, limits.post_nms_topk);
  return {boxes.index_select(0, kept), logits.index_select(0, kept)};
}

void require_finite(const Candidates& all) {
  if (!finite_rows(at::cat(all.boxes), at::cat(all.logits)).all().item<bool>())
    fail(ErrorCode::kDiverged, "Expected finite numbers for `proposals` but received some that are not: the run has diverged");
}

}  // namespace

at::Tensor flat_logits(const at::Tensor& logits) { return logits.permute({0, 2, 3, 1}).reshape({logits.size(0), -1}); }

at::Tensor flat_deltas(const at::Tensor& deltas) { return deltas.permute({0, 2, 3, 1}).reshape({deltas.size(0), -1, 4}); }

at::Tensor flat_logits(const RpnOutput& output) {
  std::vector<at::Tensor> levels;
  for (const at::Tensor& level : output.objectness_logits) levels.push_back(flat_logits(level).to(at::kFloat));
  return at::cat(levels, 1);
}

at::Tensor flat_deltas(const RpnOutput& output) {
  std::vector<at::Tensor> levels;
  for (const at::Tensor& level : output.anchor_deltas) levels.push_back(flat_deltas(level).to(at::kFloat));
  return at::cat(levels, 1);
}

std::vector<Proposals> inference_proposals(const RpnOutput& output, const std::vector<at::Tensor>& anchors,
                                           const std::vector<SizeHw>& sizes, const RpnConfig& config) {
  const Limits limits{config.pre_nms_topk_test, config.post_nms_topk_test, config.nms_threshold};
  std::vector<Proposals> proposals;
  for (size_t n = 0; n < sizes.size(); ++n)
    proposals.push_back(survivors(candidates(output, anchors, static_cast<int64_t>(n), limits.pre_nms_topk), sizes[n], limits));
  return proposals;
}

std::vector<Proposals> training_proposals(const RpnOutput& output, const std::vector<at::Tensor>& anchors,
                                          const std::vector<SizeHw>& sizes, const RpnConfig& config) {
  const Limits limits{config.pre_nms_topk_train, config.post_nms_topk_train, config.nms_threshold};
  const int64_t pictures = static_cast<int64_t>(sizes.size());
  std::vector<Proposals> proposals(pictures);
  const auto choose = [&](int64_t begin, int64_t end) {
    const at::NoGradGuard no_grad;  // of this thread
    for (int64_t n = begin; n < end; ++n) {
      const Candidates all = candidates(output, anchors, n, limits.pre_nms_topk);
      require_finite(all);
      proposals[n] = survivors(all, sizes[n], limits);
    }
  };
  if (output.objectness_logits[0].is_cpu()) at::parallel_for(0, pictures, 1, choose);
  else choose(0, pictures);
  return proposals;
}

}  // namespace mimdet
