// Parts of the whole model that no reference data reaches.
#include "model/mask_rcnn.h"

#include <ATen/Context.h>
#include <ATen/TensorOperators.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/rand.h>
#include <ATen/ops/zeros.h>
#include <c10/core/InferenceMode.h>

#include "check.h"
#include "model/state_dict.h"
#include "weights/load_weights.h"

using namespace mimdet;
using mimdet::test::golden;

namespace {

Instances boxes_at(const at::Tensor& corners, int64_t first, int64_t count) {
  const at::Tensor boxes = corners.narrow(0, first, count);
  return {{64, 64}, boxes, at::zeros({count}), at::zeros({count}, at::kLong), {}};
}

}  // namespace

TEST("mask_rcnn: masks come in parts where there are many, each as if its box had been alone with its picture") {
  if (golden("nuclei").empty()) return mimdet::test::report_skip("no golden/nuclei");
  const c10::InferenceMode inference;
  at::manual_seed(11);
  const ModelWeights weights = load_weights(golden("nuclei") + "/weights.safetensors");
  const MaskRcnn model(weights.config, as_state_dict(weights.tensors), at::kCPU, at::kFloat);
  const Pyramid pyramid = model.features({at::rand({2, 3, 64, 64}), {{64, 64}, {64, 64}}}, {}, nullptr);
  const at::Tensor from = at::rand({700, 2}) * 40, corners = at::cat({from, from + 8}, 1);
  std::vector<Instances> all = {boxes_at(corners, 0, 300), boxes_at(corners, 300, 400)};  // more than fixed::kMasksAtATime in each
  model.add_masks(pyramid, all, nullptr);
  CHECK_EQUAL(all[0].mask_probabilities.size(0), 300);
  CHECK_EQUAL(all[1].mask_probabilities.size(0), 400);
  std::vector<Instances> few = {boxes_at(corners, 250, 20), boxes_at(corners, 500, 20)};
  model.add_masks(pyramid, few, nullptr);
  CHECK(few[0].mask_probabilities.allclose(all[0].mask_probabilities.narrow(0, 250, 20), 0, 1e-6));
  CHECK(few[1].mask_probabilities.allclose(all[1].mask_probabilities.narrow(0, 200, 20), 0, 1e-6));
  const CancelFlag stop = make_cancel_flag();
  stop->store(true);
  bool stopped = false;
  try {
    model.add_masks(pyramid, all, stop);
  } catch (const Cancelled&) {
    stopped = true;
  }
  CHECK(stopped);
}
