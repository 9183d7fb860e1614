#include "train_parity.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/linalg_vector_norm.h>

#include <algorithm>

#include "base/error.h"
#include "compare.h"
#include "model_parity.h"
#include "train/batch.h"
#include "train/heads.h"

namespace mimdet::parity {
namespace {

RleMask read_bitmap(const Json& json) {
  const Json::Array& size = json.at("size").array();
  return rle_from_string({size.at(0).integer(), size.at(1).integer()}, json.at("counts").string());
}

PolygonMask read_polygons(const Json& json) {
  PolygonMask rings;
  for (const Json& ring : json.array()) {
    rings.emplace_back();
    for (const Json& coordinate : ring.array()) rings.back().push_back(coordinate.number());
  }
  return rings;
}

TrainingPicture read_picture(const Folder& folder, const Json& entry, bool bitmaps) {
  TrainingPicture picture{folder.picture(entry.at("picture").string()), {}};
  for (const Json& json : entry.at("objects").array()) {
    TrainingObject object;
    for (size_t i = 0; i < 4; ++i) object.box_xyxy[i] = json.at("box").array().at(i).number();
    object.class_id = json.at("class").integer();
    if (bitmaps) object.mask = read_bitmap(json.at("bitmap"));
    else object.mask = read_polygons(json.at("polygons"));
    picture.objects.push_back(std::move(object));
  }
  return picture;
}

StepInput read_batch(const Folder& folder, const ModelConfig& config, bool bitmaps) {
  std::vector<TrainingPicture> pictures;
  const Json targets = folder.json("targets.json");
  for (const Json& entry : targets.array()) pictures.push_back(read_picture(folder, entry, bitmaps));
  return make_batch(pictures, config);
}

}  // namespace

TrainFolder::TrainFolder(const Folder& source)
    : folder(source),
      config(ModelConfig::from_json(folder.json("config.json"))),
      record(folder.json("train.json")),
      weights(read_tensors(folder.folder + "/weights.safetensors")) {
  StepInput batch = read_batch(folder, config, /*bitmaps=*/false);
  images = std::move(batch.images);
  polygons = std::move(batch.targets);
  bitmaps = read_batch(folder, config, /*bitmaps=*/true).targets;
}

const at::Tensor& RecordedStep::operator[](const std::string& name) const {
  const auto found = tensors.find(prefix + name);
  if (found == tensors.end()) fail_expected(ErrorCode::kInvalidArgument, "a tensor in the reference data", prefix + name, "none");
  return found->second;
}

std::vector<at::Tensor> RecordedStep::proposals(int64_t pictures) const {
  std::vector<at::Tensor> boxes;
  for (int64_t n = 0; n < pictures; ++n) boxes.push_back((*this)["proposals." + std::to_string(n) + ".boxes"]);
  return boxes;
}

std::string layer_row(const std::string& group, const std::string& parameter) {
  std::string layer = parameter.substr(0, parameter.rfind('.'));
  if (layer.ends_with(".norm")) layer.resize(layer.size() - 5);  // of a convolution
  const size_t stacked = layer.find("blocks.");
  if (stacked != std::string::npos) layer = layer.substr(0, layer.find('.', stacked + 7));
  return group + "/" + layer;
}

double norm(const at::Tensor& x) { return at::linalg_vector_norm(x.to(at::kDouble)).item<double>(); }

OptimizerOptions recorded_optimizer(const TrainFolder& folder) {
  const Json& record = folder.record.at("optimizer");
  OptimizerOptions options;
  options.lr = record.at("lr").number();
  options.beta1 = record.at("betas").array().at(0).number();
  options.beta2 = record.at("betas").array().at(1).number();
  options.eps = record.at("eps").number();
  options.multiplier = record.at("multiplier").number();
  options.weight_decay = 0;
  for (const Json& group : record.at("groups").array()) options.weight_decay = std::max(options.weight_decay, group.at("weight_decay").number());
  return options;
}

std::vector<at::Tensor> loss_list(const Losses& losses) { return {losses.rpn_cls, losses.rpn_loc, losses.cls, losses.box_reg, losses.mask}; }

Pyramid forward_pyramid(const TrainFolder& folder, const MaskRcnnLosses& step, const Parameters& parameters, const RecordedStep& recorded) {
  GivenDraws draws = recorded.draws();
  return train::pyramid(parameters, step.backbone()(folder.images, draws, folder.config.sample_ratio));
}

std::vector<at::Tensor> own_proposals(const TrainFolder& folder, const Parameters& parameters, const Pyramid& pyramid, const RecordedStep& recorded,
                                      const std::string& row, double value_tolerance, Report* report) {
  const RpnConfig& rpn = folder.config.rpn;
  const auto proposals =
      training_proposals(train::rpn_head(parameters, rpn, pyramid), Anchors(rpn, at::kCPU)(pyramid), folder.images.sizes, rpn);
  std::vector<at::Tensor> boxes;
  for (size_t n = 0; n < proposals.size(); ++n) {
    const std::string stored = "proposals." + std::to_string(n);
    const BoxMatch match = match_boxes(proposals[n].boxes_xyxy, proposals[n].objectness_logits, {}, recorded[stored + ".boxes"], recorded[stored + ".logits"], {});
    if (report) add_match(*report, row, match, "logits", value_tolerance);
    boxes.push_back(match.complete() ? proposals[n].boxes_xyxy.index_select(0, match.order_tensor()) : proposals[n].boxes_xyxy);
  }
  return boxes;
}

void compare_train(const Folder& folder, bool ten_steps, Report& report) {
  const TrainFolder train(folder);
  const StoredTensors stored = read_tensors(folder.folder + "/step.safetensors");
  compare_step_stations(train, stored, report);
  compare_step_losses(train, stored, report);
  compare_update(train, stored, report);
  if (ten_steps && folder.has("steps.safetensors")) compare_ten_steps(train, report);
  compare_roi_gradients(folder, report);
}

}  // namespace mimdet::parity
