#include "train/batch.h"

#include <ATen/ops/empty.h>

#include <algorithm>
#include <cmath>
#include <string>

#include "base/error.h"
#include "image/preprocess.h"

namespace mimdet {
namespace {

void check_object(const TrainingObject& object, SizeHw size, int64_t classes) {
  if (object.class_id < 0 || object.class_id >= classes)
    fail_expected(ErrorCode::kInvalidArgument, "a class from 0 to " + std::to_string(classes - 1), "classId", std::to_string(object.class_id));
  if (!std::all_of(object.box_xyxy.begin(), object.box_xyxy.end(), [](double edge) { return std::isfinite(edge); }))
    fail_expected(ErrorCode::kInvalidArgument, "finite numbers", "box", "some that are not");
  const RleMask* bitmap = std::get_if<RleMask>(&object.mask);
  if (bitmap && !(bitmap->size() == size))
    fail_expected(ErrorCode::kInvalidArgument, "the picture's " + std::to_string(size.height) + " by " + std::to_string(size.width) + " pixels",
                  "rle.size", std::to_string(bitmap->height) + " by " + std::to_string(bitmap->width));
}

}  // namespace

Targets targets_of(const TrainingPicture& picture, const ModelConfig& config) {
  const auto count = static_cast<int64_t>(picture.objects.size());
  Targets targets = {at::empty({count, 4}, at::kFloat), at::empty({count}, at::kLong), {}};
  float* box = targets.boxes_xyxy.mutable_data_ptr<float>();
  int64_t* class_id = targets.classes.mutable_data_ptr<int64_t>();
  for (const TrainingObject& object : picture.objects) {
    check_object(object, picture.image.size, config.num_classes());
    for (double edge : object.box_xyxy) *box++ = static_cast<float>(edge);
    *class_id++ = object.class_id;
    targets.masks.push_back(object.mask);
  }
  return targets;
}

StepInput make_batch(const std::vector<TrainingPicture>& pictures, const ModelConfig& config, at::Device device) {
  std::vector<ImageView> views;
  for (const TrainingPicture& picture : pictures) views.push_back(picture.image.view());
  StepInput batch = {preprocess(views, config, device), {}};
  for (const TrainingPicture& picture : pictures) batch.targets.push_back(targets_of(picture, config));
  return batch;
}

}  // namespace mimdet
