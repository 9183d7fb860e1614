// Choosing proposals and boxes for a whole batch in tensors of one size, the way of GPUs, against choosing them picture by picture.
#include <ATen/TensorOperators.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/rand.h>
#include <c10/core/InferenceMode.h>

#include <cmath>

#include "check.h"
#include "model/mask_rcnn.h"
#include "model/padded_boxes.h"
#include "model/padded_proposals.h"
#include "model/state_dict.h"
#include "ops/stored_tensors.h"
#include "weights/load_weights.h"

using namespace mimdet;
using mimdet::test::golden;

namespace {

const std::vector<SizeHw> kSizes = {{180, 240}, {192, 170}, {20, 256}};

at::Tensor random(at::IntArrayRef sizes, double low, double high, uint64_t seed) { return test::random_tensor(sizes, low, high, seed, at::kFloat); }

at::Tensor random_boxes(int64_t count, uint64_t seed) {
  const at::Tensor corners = random({count, 2}, -20, 200, seed);
  return at::cat({corners, corners + random({count, 2}, 1, 90, seed + 1)}, 1);
}

struct Head {
  RpnOutput output;
  std::vector<at::Tensor> anchors;
};

/// Of three pictures; more anchors than NMS shifts apart.
Head random_head() {
  Head head;
  for (uint64_t level = 0; level < 3; ++level) {
    const int64_t side = int64_t{24} >> level;
    head.output.objectness_logits.push_back(random({3, 3, side, side}, -4, 4, 10 + level));
    head.output.anchor_deltas.push_back(random({3, 12, side, side}, -1, 1, 20 + level));
    head.anchors.push_back(random_boxes(side * side * 3, 30 + level));
  }
  return head;
}

void check_proposals(const Head& head, const RpnConfig& config) {
  const std::vector<Proposals> expected = inference_proposals(head.output, head.anchors, kSizes, config);
  const PaddedProposals found = padded_proposals(head.output, head.anchors, kSizes, config);
  for (size_t n = 0; n < kSizes.size(); ++n) {
    const auto picture = static_cast<int64_t>(n);
    const int64_t count = expected[n].boxes_xyxy.size(0);
    CHECK_EQUAL(found.is_there[picture].sum().item<int64_t>(), count);
    CHECK(at::equal(found.boxes_xyxy[picture].narrow(0, 0, count), expected[n].boxes_xyxy));
    CHECK(at::equal(found.objectness_logits[picture].narrow(0, 0, count), expected[n].objectness_logits));
    CHECK(found.is_there[picture].narrow(0, 0, count).all().item<bool>());
    CHECK_EQUAL(found.boxes_xyxy[picture].slice(0, count).count_nonzero().item<int64_t>(), 0);
  }
}

struct Predicted {
  BoxPredictions predictions;
  PaddedProposals proposals;
};

/// Of `count` proposals a picture; of each picture some are not there.
Predicted random_predictions(int64_t count, int64_t classes) {
  Predicted all;
  all.predictions = {random({3 * count, classes + 1}, -2, 2, 40), random({3 * count, 4 * classes}, -1, 1, 41)};
  all.proposals = {random_boxes(3 * count, 42).view({3, count, 4}), random({3, count}, -1, 1, 44), random({3, count}, 0, 1, 45).lt(0.9)};
  return all;
}

void check_boxes(const Predicted& all, const RoiConfig& config, const DetectOptions& options) {
  const int64_t count = all.proposals.is_there.size(1);
  const std::vector<Instances> found = select_padded_boxes(all.predictions, all.proposals, kSizes, config, options);
  for (size_t n = 0; n < kSizes.size(); ++n) {
    const auto picture = static_cast<int64_t>(n);
    const at::Tensor there = all.proposals.is_there[picture].nonzero().squeeze(1), rows = there + picture * count;
    const Instances expected = select_boxes({all.predictions.class_logits.index_select(0, rows), all.predictions.deltas.index_select(0, rows)},
                                            all.proposals.boxes_xyxy[picture].index_select(0, there), kSizes[n], config, options)
                                   .instances;
    CHECK(at::equal(found[n].scores, expected.scores));
    CHECK(at::equal(found[n].classes, expected.classes));
    CHECK(at::equal(found[n].boxes_xyxy, expected.boxes_xyxy));
  }
}

}  // namespace

TEST("padded_proposals: those of each picture alone, in the same order") {
  RpnConfig config;
  for (const int64_t before : {40, 2000})
    for (const int64_t after : {7, 300, 5000}) {
      config.pre_nms_topk_test = before;
      config.post_nms_topk_test = after;
      check_proposals(random_head(), config);
    }
}

TEST("padded_proposals: what is no number is left out, and a picture may have nothing") {
  RpnConfig config;
  config.pre_nms_topk_test = 2000;
  config.post_nms_topk_test = 3000;
  Head head = random_head();
  head.output.objectness_logits[0][1].slice(1, 0, 3).fill_(std::nanf(""));
  head.output.anchor_deltas[1][0].slice(2, 0, 4).fill_(INFINITY);
  check_proposals(head, config);
  for (at::Tensor& level : head.output.anchor_deltas) level[2].fill_(std::nanf(""));
  check_proposals(head, config);
  CHECK_EQUAL(padded_proposals(head.output, head.anchors, kSizes, config).is_there[2].sum().item<int64_t>(), 0);
}

TEST("select_padded_boxes: those of select_boxes, whatever is asked for") {
  const Predicted all = random_predictions(60, 7);
  const RoiConfig config;
  for (const double threshold : {0.0, 0.05, 0.4, 0.99})
    for (const int64_t most : {1, 30, 1000}) {
      check_boxes(all, config, {.score_threshold = threshold, .detections_per_image = most});
      check_boxes(all, config, {.score_threshold = threshold, .detections_per_image = most, .class_ids = {2, 5}});
    }
}

TEST("select_padded_boxes: more candidates than go through NMS at once, with enough of them and with too few") {
  const Predicted all = random_predictions(1200, 7);
  CHECK(all.predictions.deltas.numel() / 4 / 3 > fixed::kMostCandidates);
  for (const int64_t most : {100, 6000}) check_boxes(all, {}, {.score_threshold = 0, .detections_per_image = most});
}

TEST("mask_rcnn: a batch's boxes are those of its pictures one by one") {
  if (golden("nuclei").empty()) return test::report_skip("no golden/nuclei");
  const c10::InferenceMode inference;
  const ModelWeights weights = load_weights(golden("nuclei") + "/weights.safetensors");
  const MaskRcnn model(weights.config, as_state_dict(weights.tensors), at::kCPU, at::kFloat);
  const std::vector<SizeHw> sizes = {{96, 128}, {80, 128}};
  const Pyramid pyramid = model.features({random({2, 3, 96, 128}, -2, 2, 7), sizes}, {}, nullptr);
  const DetectOptions options = {.score_threshold = 0.01};
  const std::vector<Instances> expected = model.boxes(pyramid, sizes, options, nullptr), found = model.boxes_of_batch(pyramid, sizes, options, nullptr);
  for (size_t n = 0; n < sizes.size(); ++n) {
    CHECK(expected[n].scores.size(0) > 0);
    CHECK_EQUAL(found[n].scores.size(0), expected[n].scores.size(0));
    CHECK(found[n].boxes_xyxy.allclose(expected[n].boxes_xyxy, 0, 1e-3));
    CHECK(found[n].scores.allclose(expected[n].scores, 0, 1e-5));
  }
}
