// Results as a user sees them: detections.json (the picture at its own size) and end_to_end.json (resized first).
#include <ATen/ops/tensor.h>

#include <algorithm>
#include <cmath>

#include "image/preprocess.h"
#include "image/resize.h"
#include "model/postprocess.h"
#include "model_parity.h"

namespace mimdet::parity {
namespace {

struct Stored {
  at::Tensor boxes, scores, classes;
  std::vector<RleMask> masks;
};

SizeHw read_size(const Json& json) { return {json.array().at(0).integer(), json.array().at(1).integer()}; }

Stored read_detections(const Json& list) {
  std::vector<float> boxes, scores;
  std::vector<int64_t> classes;
  Stored stored;
  for (const Json& detection : list.array()) {
    for (const Json& edge : detection.at("box").array()) boxes.push_back(static_cast<float>(edge.number()));
    scores.push_back(static_cast<float>(detection.at("score").number()));
    classes.push_back(detection.at("class").integer());
    stored.masks.push_back(rle_from_string(read_size(detection.at("mask").at("size")), detection.at("mask").at("counts").string()));
  }
  stored.boxes = at::tensor(boxes).view({-1, 4});
  stored.scores = at::tensor(scores);
  stored.classes = at::tensor(classes, at::kLong);
  return stored;
}

/// Probability at the centre of pixel (x, y), sampled bilinearly with zeros outside, in double: what a pasted pixel is decided by.
double probability_at(const float* mask, int64_t side, const std::array<float, 4>& box, int64_t x, int64_t y) {
  const double u = (x + 0.5 - box[0]) / (double(box[2]) - box[0]) * side - 0.5, v = (y + 0.5 - box[1]) / (double(box[3]) - box[1]) * side - 0.5;
  const int64_t left = static_cast<int64_t>(std::floor(u)), top = static_cast<int64_t>(std::floor(v));
  double sum = 0;
  for (int64_t row = top; row <= top + 1; ++row)
    for (int64_t column = left; column <= left + 1; ++column)
      if (row >= 0 && row < side && column >= 0 && column < side)
        sum += mask[row * side + column] * (1 - std::abs(u - column)) * (1 - std::abs(v - row));
  return sum;
}

/// Pixels that differ though their probability is further than 1e-4 from the threshold.
int64_t wrong_pixels(const Detection& ours, const float* probabilities, int64_t side, const RleMask& stored) {
  if (!(ours.mask.size() == stored.size())) return stored.height * stored.width;
  const auto a = rle_to_bitmap(ours.mask), b = rle_to_bitmap(stored);
  int64_t wrong = 0;
  for (int64_t i = 0; i < stored.height * stored.width; ++i)
    if (a[i] != b[i] && std::abs(probability_at(probabilities, side, ours.box_xyxy, i % stored.width, i / stored.width) - fixed::kMaskThreshold) > 1e-4) ++wrong;
  return wrong;
}

/// postprocess drops empty boxes; the golden data have none, so that detection i has the mask of instance i.
void compare_results(const Instances& instances, SizeHw output_size, const Json& list, const std::string& row, Report& report) {
  const Stored stored = read_detections(list);
  const std::vector<Detection> ours = postprocess(instances, output_size);
  std::vector<float> boxes, scores;
  std::vector<int64_t> classes;
  for (const Detection& detection : ours) {
    boxes.insert(boxes.end(), detection.box_xyxy.begin(), detection.box_xyxy.end());
    scores.push_back(detection.score);
    classes.push_back(detection.class_id);
  }
  const BoxMatch match = match_boxes(at::tensor(boxes).view({-1, 4}), at::tensor(scores), at::tensor(classes, at::kLong), stored.boxes, stored.scores, stored.classes);
  add_match(report, row, match, "scores", kChainScoreTolerance);
  if (!match.complete() || static_cast<int64_t>(ours.size()) != instances.scores.size(0)) return;
  const at::Tensor probabilities = instances.mask_probabilities.contiguous();
  const int64_t side = probabilities.size(1);
  int64_t wrong = 0;
  for (size_t i = 0; i < match.order.size(); ++i)
    wrong += wrong_pixels(ours[match.order[i]], probabilities.const_data_ptr<float>() + match.order[i] * side * side, side, stored.masks[i]);
  report.add(row + ".masks (pixels)", static_cast<double>(wrong), 0);
}

Instances detect_one(const Model& model, const ImageView& picture, double score_threshold) {
  DetectOptions options;
  options.score_threshold = score_threshold;
  return model.whole.detect(preprocess({picture}, model.config, at::kCPU), options, nullptr).at(0);
}

/// A forward's own entry: the pictures of a batch travel together, and noise comes from the file.
std::vector<Instances> detect_forward(const Model& model, const Forward& forward) {
  const ImageBatch batch = forward.batch(model.config);
  if (!forward.has_noise) return model.whole.detect(batch, forward.options(), nullptr);
  const Pyramid pyramid = model.fpn(model.backbone.with_noise(batch, forward.stored["noise"], forward.sample_ratio));
  std::vector<Instances> instances = model.whole.boxes(pyramid, batch.sizes, forward.options(), nullptr);
  model.whole.add_masks(pyramid, instances, nullptr);
  return instances;
}

}  // namespace

void compare_detections(const Model& model, const Folder& folder, const Json& forwards, Report& report) {
  const Json json = folder.json("detections.json");
  for (const auto& [name, entries] : json.object()) {
    const std::string row = "detections.json/" + name;
    std::vector<Instances> found;
    if (forwards.find(name)) {
      found = detect_forward(model, Forward(folder, forwards, name));
    } else {
      for (const Json& entry : entries.array())
        found.push_back(detect_one(model, folder.picture(entry.at("picture").string()).view(), entry.at("score_threshold").number()));
    }
    if (found.size() != entries.array().size()) report.add_failure(row, "other number of pictures");
    for (size_t i = 0; i < std::min(found.size(), entries.array().size()); ++i)
      compare_results(found[i], read_size(entries.array()[i].at("output_size")), entries.array()[i].at("detections"), row, report);
  }
}

void compare_end_to_end(const Model& model, const Folder& folder, Report& report) {
  const Json json = folder.json("end_to_end.json");
  for (const auto& [name, entry] : json.at("pictures").object()) {
    const Image picture = folder.picture(name);
    const SizeHw size = shortest_edge_size(picture.size, json.at("min_size").integer(), json.at("max_size").integer());
    report.add("end_to_end.json/resized_size", size == read_size(entry.at("resized_size")) ? 0 : 1, 0);
    const Image resized = resize_bilinear(picture.view(), size), expected = folder.picture(entry.at("resized").string());
    report.add("end_to_end.json/resized", resized.rgb == expected.rgb ? 0 : 1, 0);
    const Instances instances = detect_one(model, resized.view(), model.config.roi.score_threshold);
    compare_results(instances, picture.size, entry.at("detections"), "end_to_end.json/detections", report);
  }
}

}  // namespace mimdet::parity
