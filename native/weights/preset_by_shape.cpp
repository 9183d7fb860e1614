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

}  // namespace

std::string preset_of(const ModelConfig& config) {
  for (const std::string& name : preset_names()) {
    ModelConfig candidate = preset(name), given = config;
    for (ModelConfig* c : {&candidate, &given}) {  // what a user sets without making another model
      c->classes = {"any"};
      c->image_size = c->patch_size;
      c->min_size = c->max_size = 1;
      c->sample_ratio = 1;
      c->encoder.drop_path = 0;
      c->roi.score_threshold = c->roi.nms_threshold = 0;
      c->roi.detections_per_image = 1;
    }
    if (candidate.to_json().dump() == given.to_json().dump()) return name;
  }
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
  return "encoder width " + std::to_string(size.encoder_dim) + ", depth " + std::to_string(size.encoder_depth) + "; decoder width " +
         std::to_string(size.decoder_dim) + ", depth " + std::to_string(size.decoder_depth);
}

}  // namespace mimdet
