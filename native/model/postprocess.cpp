#include "model/postprocess.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/tensor.h>

#include <algorithm>
#include <utility>

#include "ops/paste_masks.h"

namespace mimdet {
namespace {

using Box = std::array<float, 4>;

// Factors are rounded to float32 once, as a tensor times a Python number does.
struct Scale {
  float x, y;
};

Scale scale_of(SizeHw input, SizeHw picture) {
  return {static_cast<float>(static_cast<double>(picture.width) / static_cast<double>(input.width)),
          static_cast<float>(static_cast<double>(picture.height) / static_cast<double>(input.height))};
}

Box to_picture(const float* box, Scale scale, SizeHw picture) {
  const auto width = static_cast<float>(picture.width), height = static_cast<float>(picture.height);
  return {std::clamp(box[0] * scale.x, 0.0f, width), std::clamp(box[1] * scale.y, 0.0f, height),
          std::clamp(box[2] * scale.x, 0.0f, width), std::clamp(box[3] * scale.y, 0.0f, height)};
}

bool has_area(const Box& box) { return box[2] - box[0] > 0 && box[3] - box[1] > 0; }

at::Tensor boxes_of(const std::vector<Detection>& detections) {
  at::Tensor boxes = at::empty({static_cast<int64_t>(detections.size()), 4}, at::kFloat);
  for (size_t i = 0; i < detections.size(); ++i)
    std::copy(detections[i].box_xyxy.begin(), detections[i].box_xyxy.end(), boxes.data_ptr<float>() + i * 4);
  return boxes;
}

void add_masks(const Instances& instances, const std::vector<int64_t>& kept, SizeHw picture, std::vector<Detection>& detections) {
  const at::Tensor rows = at::tensor(kept, at::kLong).to(instances.mask_probabilities.device());
  const at::Tensor probabilities = instances.mask_probabilities.index_select(0, rows);
  std::vector<RleMask> masks = paste_masks(probabilities, boxes_of(detections), picture);
  for (size_t i = 0; i < detections.size(); ++i) detections[i].mask = std::move(masks[i]);
}

}  // namespace

std::vector<Detection> postprocess(const Instances& instances, SizeHw picture_size) {
  const at::Tensor boxes = instances.boxes_xyxy.to(at::kCPU, at::kFloat).contiguous();
  const at::Tensor scores = instances.scores.to(at::kCPU, at::kFloat).contiguous();
  const at::Tensor classes = instances.classes.to(at::kCPU, at::kLong).contiguous();
  const Scale scale = scale_of(instances.image_size, picture_size);
  std::vector<Detection> detections;
  std::vector<int64_t> kept;  // rows of the instances
  for (int64_t i = 0; i < boxes.size(0); ++i) {
    const Box box = to_picture(boxes.const_data_ptr<float>() + i * 4, scale, picture_size);
    if (!has_area(box)) continue;
    kept.push_back(i);
    detections.push_back({box, scores.const_data_ptr<float>()[i], classes.const_data_ptr<int64_t>()[i], {}});
  }
  if (instances.mask_probabilities.defined()) add_masks(instances, kept, picture_size, detections);
  return detections;
}

}  // namespace mimdet
