// The stations of a model folder (golden/micro and its like) compared with the reference.
#pragma once

#include "model/fpn.h"
#include "model/mask_rcnn.h"
#include "model/mimdet_backbone.h"
#include "model/roi_heads.h"
#include "model/rpn.h"
#include "compare.h"
#include "report.h"
#include "stored.h"

namespace mimdet::parity {

/// The model as its map, and its stations one by one.
struct Model {
  ModelConfig config;
  StateDict weights;
  WeightSource source;
  MaskRcnn whole;
  MimdetBackbone backbone;
  Fpn fpn;
  Rpn rpn;
  RoiHeads roi_heads;

  Model(ModelConfig model_config, StateDict state)
      : config(std::move(model_config)),
        weights(std::move(state)),
        source(weights, at::kCPU, at::kFloat),
        whole(config, weights, at::kCPU, at::kFloat),
        backbone(source, config),
        fpn(source),
        rpn(source, config.rpn, at::kCPU),
        roi_heads(source, config.roi) {}
};

/// One forward of forwards.json.
struct Forward {
  std::string name;
  double sample_ratio = 1;
  bool has_noise = false;
  std::vector<SizeHw> sizes;  // of the pictures
  std::vector<Image> pictures;
  StoredForward stored;

  Forward(const Folder& folder, const Json& forwards, const std::string& forward_name);
  DetectOptions options() const;
  /// The pictures at their own size, as the model takes them.
  ImageBatch batch(const ModelConfig& config) const;
};

/// What the comparisons of one forward share.
struct Comparison {
  const Model& model;
  const Forward& forward;
  Report& report;
  std::string prefix;  // of the rows
  double tolerance;    // of a station's relative error

  const at::Tensor& stored(const std::string& station) const { return forward.stored[station]; }
  std::string row(const std::string& station) const { return forward.name + prefix + station; }
  void close(const std::string& station, const at::Tensor& ours) const {
    if (forward.stored.has(station)) report.add(row(station), relative_error(ours, stored(station)), tolerance);
  }
  void equal(const std::string& station, const at::Tensor& ours) const { report.add(row(station), count_unequal(ours, stored(station)), 0); }
};

/// Each station fed with the stored one before it.
void compare_stations(const Model& model, const Forward& forward, Report& report);
/// The whole forward from the pictures, each station compared on the way. Instances are in the stored order where they match.
std::vector<Instances> compare_chain(const Model& model, const Forward& forward, Report& report);

/// detections.json and end_to_end.json.
void compare_detections(const Model& model, const Folder& folder, const Json& forwards, Report& report);
void compare_end_to_end(const Model& model, const Folder& folder, Report& report);

/// Everything in a folder that has forwards.json.
void compare_model(const Folder& folder, Report& report);

/// A proposal or detection list; rows `name` (set and order), `name.boxes`, and `name.<value_name>`.
void add_match(Report& report, const std::string& name, const BoxMatch& match, const std::string& value_name, double value_tolerance);

}  // namespace mimdet::parity
