// Post-processing against the reference's detections, from the stored boxes and probabilities; what is scaled, clipped and
// dropped.
#include "model/postprocess.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/full.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/tensor.h>

#include <cmath>

#include "base/json.h"
#include "check.h"
#include "ops/stored_tensors.h"

using namespace mimdet;

namespace {

using Stored = std::map<std::string, at::Tensor>;

SizeHw size_of(const Json& json) { return {json.array()[0].integer(), json.array()[1].integer()}; }

// Picture `n` of a stored forward; its rows of the probabilities follow those of the pictures before it.
Instances stored_instances(const Stored& stored, size_t n, SizeHw size, int64_t first_row) {
  const auto tensor = [&](const char* name) { return stored.at("detections." + std::to_string(n) + "." + name); };
  const at::Tensor boxes = tensor("boxes");
  return {size, boxes, tensor("scores"), tensor("classes"), stored.at("mask.probabilities").narrow(0, first_row, boxes.size(0))};
}

// At most `budget` pixels may differ: those whose probability lies within rounding of 0.5.
void check_detection(const Detection& found, const Json& expected, int64_t budget) {
  for (size_t i = 0; i < 4; ++i) CHECK(std::abs(found.box_xyxy[i] - expected.at("box").array()[i].number()) <= 1e-4);
  CHECK(std::abs(found.score - expected.at("score").number()) <= 1e-6);
  CHECK_EQUAL(found.class_id, expected.at("class").integer());
  const Json& mask = expected.at("mask");
  const RleMask stored = rle_from_string(size_of(mask.at("size")), mask.at("counts").string());
  CHECK(found.mask.size() == stored.size());
  const std::vector<uint8_t> ours = rle_to_bitmap(found.mask), theirs = rle_to_bitmap(stored);
  int64_t differing = 0;
  for (size_t i = 0; i < ours.size(); ++i) differing += ours[i] != theirs[i];
  CHECK(differing <= budget);
}

void check_forward(const Json& results, const Stored& stored) {
  int64_t row = 0;
  for (size_t n = 0; n < results.array().size(); ++n) {
    const Json& result = results.array()[n];
    const Instances instances = stored_instances(stored, n, size_of(result.at("input_size")), row);
    row += instances.boxes_xyxy.size(0);
    const std::vector<Detection> found = postprocess(instances, size_of(result.at("output_size")));
    const auto& expected = result.at("detections").array();
    CHECK_EQUAL(found.size(), expected.size());
    for (size_t i = 0; i < std::min(found.size(), expected.size()); ++i) check_detection(found[i], expected[i], 1);
  }
}

Instances some_instances(const std::vector<float>& boxes) {
  const auto count = static_cast<int64_t>(boxes.size() / 4);
  return {{100, 200},
          at::tensor(boxes).view({count, 4}),
          at::full({count}, 0.5f),
          at::full({count}, 3, at::kLong),
          at::ones({count, 4, 4})};
}

}  // namespace

TEST("postprocess: the reference's detections, at the input's size and at another") {
  if (test::golden("micro").empty()) return test::report_skip("no reference data");
  const Json detections = Json::parse(test::read_file(test::golden("micro") + "/detections.json"));
  for (const auto& [name, results] : detections.object()) {
    if (name == "single_low_threshold") continue;  // no stations are stored of it
    const std::string forward = name == "single_resized" ? "single" : name;
    check_forward(results, test::stored_tensors("micro/forward_" + forward + ".safetensors"));
  }
}

TEST("postprocess: boxes are scaled by axis and clipped, those without area dropped with their masks") {
  const std::vector<Detection> found =
      postprocess(some_instances({10, 20, 30, 40, 50, 60, 50, 90, -5, -5, 220, 50, 210, 10, 250, 40}), {50, 400});
  CHECK_EQUAL(found.size(), 2u);
  CHECK(found[0].box_xyxy == (std::array<float, 4>{20, 10, 60, 20}));
  CHECK(found[1].box_xyxy == (std::array<float, 4>{0, 0, 400, 25}));
  CHECK_EQUAL(found[1].class_id, 3);
  CHECK(rle_bounding_box(found[0].mask) == (BoxXywh{20, 10, 40, 10}));
  CHECK(rle_bounding_box(found[1].mask) == (BoxXywh{0, 0, 400, 25}));
}

TEST("postprocess: no masks where none were asked for, nothing where nothing was found") {
  Instances instances = some_instances({10, 20, 30, 40});
  instances.mask_probabilities = at::Tensor();
  CHECK(postprocess(instances, {100, 200})[0].mask.runs.empty());
  CHECK(postprocess(some_instances({}), {100, 200}).empty());
}
