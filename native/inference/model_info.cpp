#include "inference/model_info.h"

#include "base/json.h"

namespace mimdet {
namespace {

/// The configuration as text, with everything that changes no tensor of the model set to one value.
std::string architecture(ModelConfig config) {
  const ModelConfig any;
  config.sample_ratio = any.sample_ratio;
  config.encoder.drop_path = any.encoder.drop_path;
  config.pixel_mean = any.pixel_mean;
  config.pixel_std = any.pixel_std;
  config.min_size = any.min_size;
  config.max_size = any.max_size;
  config.classes = any.classes;
  config.rpn = {.convs = config.rpn.convs, .anchor_sizes = config.rpn.anchor_sizes, .anchor_ratios = config.rpn.anchor_ratios};
  config.roi = {.box_pool = config.roi.box_pool,
                .mask_pool = config.roi.mask_pool,
                .box_convs = config.roi.box_convs,
                .box_conv_dim = config.roi.box_conv_dim,
                .box_fc_dim = config.roi.box_fc_dim,
                .mask_convs = config.roi.mask_convs,
                .mask_conv_dim = config.roi.mask_conv_dim};
  return config.to_json().dump();
}

std::string preset_of(const ModelConfig& config) {
  const std::string own = architecture(config);
  for (const std::string& name : preset_names())
    if (architecture(preset(name)) == own) return name;
  return "custom";
}

}  // namespace

ModelInfo describe(const ModelWeights& weights) {
  ModelInfo info;
  info.config = weights.config;
  info.metadata = weights.metadata;
  std::erase_if(info.metadata, [](const auto& entry) { return entry.first == "config"; });
  info.preset = preset_of(weights.config);
  for (const NamedTensor& tensor : weights.tensors) info.parameters += static_cast<int64_t>(tensor.bytes / dtype_size(tensor.dtype));
  return info;
}

}  // namespace mimdet
