#include "model/stored_step.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/tensor.h>

#include "base/json.h"
#include "check.h"
#include "ops/stored_tensors.h"

namespace mimdet::test {
namespace {

std::vector<double> numbers(const Json& json) {
  std::vector<double> all;
  for (const Json& number : json.array()) all.push_back(number.number());
  return all;
}

PolygonMask polygons_of(const Json& object) {
  PolygonMask rings;
  for (const Json& ring : object.at("polygons").array()) rings.push_back(numbers(ring));
  return rings;
}

RleMask bitmap_of(const Json& object) {
  const Json& bitmap = object.at("bitmap");
  const std::vector<double> size = numbers(bitmap.at("size"));
  return rle_from_string({static_cast<int64_t>(size[0]), static_cast<int64_t>(size[1])}, bitmap.at("counts").string());
}

template <class MaskOf>
Targets targets_of(const Json& picture, MaskOf mask_of) {
  std::vector<double> boxes;
  std::vector<int64_t> classes;
  Targets targets;
  for (const Json& object : picture.at("objects").array()) {
    for (const double side : numbers(object.at("box"))) boxes.push_back(side);
    classes.push_back(object.at("class").integer());
    targets.masks.push_back(mask_of(object));
  }
  targets.boxes_xyxy = at::tensor(boxes, at::kDouble).to(at::kFloat).view({-1, 4});
  targets.classes = at::tensor(classes, at::kLong);
  return targets;
}

StoredStep read_step(const std::string& folder) {
  StoredStep step;
  step.config = ModelConfig::from_json_text(read_file(folder + "/config.json"));
  step.tensors = stored_tensors("micro/train/step.safetensors");
  const Json pictures = Json::parse(read_file(folder + "/targets.json"));
  for (const Json& picture : pictures.array()) {
    const std::vector<double> size = numbers(picture.at("size"));
    step.sizes.push_back({static_cast<int64_t>(size[0]), static_cast<int64_t>(size[1])});
    step.polygons.push_back(targets_of(picture, polygons_of));
    step.bitmaps.push_back(targets_of(picture, bitmap_of));
  }
  return step;
}

}  // namespace

const at::Tensor& StoredStep::of(const std::string& station, size_t picture, const std::string& name) const {
  return tensors.at(station + "." + std::to_string(picture) + "." + name);
}

SampledRois StoredStep::rois(size_t picture) const {
  const int64_t foreground = of("roi", picture, "foreground").numel();
  const at::Tensor own_objects = of("roi", picture, "gt").slice(0, 0, foreground);
  return {of("roi", picture, "boxes"), of("roi", picture, "classes"), of("roi", picture, "gt"),
          polygons[picture].boxes_xyxy.index_select(0, own_objects), foreground};
}

const StoredStep* stored_step() {
  const std::string folder = golden("micro/train");
  if (folder.empty()) {
    report_skip("no reference data");
    return nullptr;
  }
  static const StoredStep step = read_step(folder);
  return &step;
}

SampledLabels StoredDraws::rpn_labels(int64_t picture, const at::Tensor&, int64_t, double) {
  return {step_.of("rpn", picture, "positive"), step_.of("rpn", picture, "negative")};
}

SampledLabels StoredDraws::roi_labels(int64_t picture, const at::Tensor&, int64_t, int64_t, double) {
  return {step_.of("roi", picture, "foreground"), step_.of("roi", picture, "background")};
}

}  // namespace mimdet::test
