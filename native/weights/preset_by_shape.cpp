// See preset_by_shape.h.
#include "weights/preset_by_shape.h"

#include <charconv>
#include <cmath>
#include <unordered_map>

#include "base/json.h"

namespace mimdet {
namespace {

constexpr int64_t kMostClasses = 100000, kLargestGrid = 4096;

const TensorSpec* find(const std::vector<TensorSpec>& found, std::string_view name) {
  for (const TensorSpec& tensor : found)
    if (tensor.name == name) return &tensor;
  return nullptr;
}

/// Side `index` of a tensor's shape; 0 where there is none.
int64_t side(const std::vector<TensorSpec>& found, std::string_view name, size_t index) {
  const TensorSpec* tensor = find(found, name);
  return tensor && index < tensor->shape.size() ? tensor->shape[index] : 0;
}

/// One more than the largest number that follows the prefix in a name.
int64_t count_blocks(const std::vector<TensorSpec>& found, std::string_view prefix) {
  int64_t count = 0;
  for (const TensorSpec& tensor : found) {
    if (!tensor.name.starts_with(prefix)) continue;
    int32_t index = -1;
    const char* begin = tensor.name.data() + prefix.size();
    std::from_chars(begin, tensor.name.data() + tensor.name.size(), index);
    count = std::max<int64_t>(count, int64_t{index} + 1);
  }
  return count;
}

struct ModelSize {
  int64_t encoder_dim, encoder_depth, decoder_dim, decoder_depth, classes, grid;
};

ModelSize size_of(const std::vector<TensorSpec>& found) {
  const int64_t rows = side(found, "backbone.bottom_up.encoder.pos_embed", 1);
  const int64_t grid = rows > 1 ? static_cast<int64_t>(std::llround(std::sqrt(static_cast<double>(rows - 1)))) : 0;
  return {side(found, "backbone.bottom_up.encoder.norm.weight", 0),
          count_blocks(found, "backbone.bottom_up.encoder.blocks."),
          side(found, "backbone.bottom_up.decoder.decoder_norm.weight", 0),
          count_blocks(found, "backbone.bottom_up.decoder.decoder_blocks."),
          side(found, "roi_heads.box_predictor.cls_score.weight", 0) - 1,
          grid};
}

void set_classes(ModelConfig& config, int64_t count) {
  if (count < 1 || count > kMostClasses || count == config.num_classes()) return;
  config.classes.clear();
  for (int64_t i = 1; i <= count; ++i) config.classes.push_back("class " + std::to_string(i));
}

/// The configuration as text, with all that is not the architecture set to one value: what a user chooses (classes, sizes,
/// thresholds) and what training draws.
std::string architecture(ModelConfig config) {
  const ModelConfig any;
  config.classes = any.classes;
  config.image_size = any.image_size;
  config.sample_ratio = any.sample_ratio;
  config.encoder.drop_path = any.encoder.drop_path;
  config.pixel_mean = any.pixel_mean;
  config.pixel_std = any.pixel_std;
  config.min_size = any.min_size;
  config.max_size = any.max_size;
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

}  // namespace

std::string preset_of(const ModelConfig& config) {
  const std::string own = architecture(config);
  for (const std::string& name : preset_names())
    if (architecture(preset(name)) == own) return name;
  return "custom";
}

std::optional<ModelConfig> find_preset(const std::vector<TensorSpec>& found) {
  const ModelSize size = size_of(found);
  for (const std::string& name : preset_names()) {
    ModelConfig config = preset(name);
    const bool fits = config.encoder.dim == size.encoder_dim && config.encoder.depth == size.encoder_depth &&
                      config.decoder.dim == size.decoder_dim && config.decoder.depth == size.decoder_depth;
    if (!fits) continue;
    set_classes(config, size.classes);
    if (size.grid >= 1 && size.grid <= kLargestGrid) config.image_size = size.grid * config.patch_size;
    return config;
  }
  return std::nullopt;
}

std::string describe_size(const std::vector<TensorSpec>& found) {
  const ModelSize size = size_of(found);
  return "encoder width " + std::to_string(size.encoder_dim) + ", depth " + std::to_string(size.encoder_depth) +
         "; decoder width " + std::to_string(size.decoder_dim) + ", depth " + std::to_string(size.decoder_depth);
}

}  // namespace mimdet
