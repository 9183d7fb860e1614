#include "model_parity.h"

#include "image/preprocess.h"
#include "model/state_dict.h"
#include "weights/safetensors.h"

namespace mimdet::parity {

Forward::Forward(const Folder& folder, const Json& forwards, const std::string& forward_name)
    : name(forward_name), stored(folder, forwards, forward_name) {
  const Json& forward = forwards.at(name);
  sample_ratio = forward.at("sample_ratio").number();
  has_noise = !forward.at("noise").is_null();
  for (const Json& size : forward.at("image_sizes").array()) sizes.push_back({size.array().at(0).integer(), size.array().at(1).integer()});
  for (const Json& picture : forward.at("pictures").array()) pictures.push_back(folder.picture(picture.string()));
}

DetectOptions Forward::options() const {
  DetectOptions options;
  options.sample_ratio = sample_ratio;
  return options;
}

ImageBatch Forward::batch(const ModelConfig& config) const {
  std::vector<ImageView> views;
  for (const Image& picture : pictures) views.push_back(picture.view());
  return preprocess(views, config, at::kCPU);
}

void add_match(Report& report, const std::string& name, const BoxMatch& match, const std::string& value_name, double value_tolerance) {
  report.add(name, static_cast<double>(match.unmatched + match.out_of_order), 0);
  report.add(name + ".boxes (pixels)", match.box_error, kBoxTolerance);
  report.add(name + "." + value_name, match.value_error, value_tolerance);
}

void compare_model(const Folder& folder, Report& report) {
  const ModelConfig config = ModelConfig::from_json(folder.json("config.json"));
  const Model model(config, as_state_dict(read_safetensors(folder.folder + "/weights.safetensors").tensors));
  const Json forwards = folder.json("forwards.json");
  for (const auto& entry : forwards.object()) {
    const Forward forward(folder, forwards, entry.first);
    compare_stations(model, forward, report);
    compare_chain(model, forward, report);
  }
  if (folder.has("detections.json")) compare_detections(model, folder, forwards, report);
  if (folder.has("end_to_end.json")) compare_end_to_end(model, folder, report);
}

}  // namespace mimdet::parity
