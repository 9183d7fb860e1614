// ROIAlign and the pooler alone, with gradients, and the border cases of the level of a box.
#include <ATen/TensorOperators.h>
#include <ATen/ops/tensor.h>

#include "compare.h"
#include "model/roi_pooler.h"
#include "ops/roi_align.h"
#include "train_parity.h"

namespace mimdet::parity {
namespace {

void compare_roi_align(const StoredTensors& stored, const Json& settings, const std::string& precision, double tolerance, Report& report) {
  const auto tensor = [&](const char* name) { return stored.at(name + ("." + precision)); };
  const at::Tensor input = tensor("input").clone().set_requires_grad(true);
  const at::Tensor output =
      roi_align(input, tensor("rois"), settings.at("spatial_scale").number(), settings.at("output_size").integer());
  output.backward(tensor("output_grad"));
  report.add("roi_align." + precision, relative_error(output.detach(), tensor("output")), tolerance);
  report.add("roi_align." + precision + ".gradient", relative_error(input.grad(), tensor("input_grad")), tolerance);
}

void compare_pooler(const StoredTensors& stored, Report& report) {
  Pyramid pyramid;
  for (size_t i = 0; i < 4; ++i) pyramid[i] = stored.at("p" + std::to_string(i + 2)).clone().set_requires_grad(true);
  const at::Tensor output = pool_rois(pyramid, {stored.at("boxes")}, stored.at("output").size(2));
  output.backward(stored.at("output_grad"));
  report.add("roi_pooler.level", count_unequal(roi_levels(stored.at("boxes")), stored.at("level")), 0);
  report.add("roi_pooler", relative_error(output.detach(), stored.at("output")), kStationTolerance);
  for (size_t i = 0; i < 4; ++i) {
    const std::string level = "p" + std::to_string(i + 2);
    report.add("roi_pooler.gradient." + level, relative_error(pyramid[i].grad(), stored.at(level + "_grad")), kStationTolerance);
  }
}

void compare_levels(const Json& levels, Report& report) {
  for (const Json& item : levels.at("cases").array()) {
    std::vector<float> box;
    for (const Json& edge : item.at("box").array()) box.push_back(static_cast<float>(edge.number()));
    const int64_t ours = roi_levels(at::tensor(box).view({1, 4})).item<int64_t>();
    report.add("box_levels", ours == item.at("level").integer() ? 0 : 1, 0);
  }
}

}  // namespace

void compare_roi_gradients(const Folder& folder, Report& report) {
  if (folder.has("roi_align_grad.safetensors")) {
    const StoredTensors stored = read_tensors(folder.folder + "/roi_align_grad.safetensors");
    const Json record = folder.json("train.json");
    compare_roi_align(stored, record.at("roi_align_grad"), "f32", 1e-5, report);
    compare_roi_align(stored, record.at("roi_align_grad"), "f64", 1e-12, report);
  }
  if (folder.has("roi_pooler.safetensors")) compare_pooler(read_tensors(folder.folder + "/roi_pooler.safetensors"), report);
  if (folder.has("box_levels.json")) compare_levels(folder.json("box_levels.json"), report);
}

}  // namespace mimdet::parity
