// Every number that makes a model what it is, with the presets. The JSON form (docs/configuration.md) has the same names in camelCase.
// Everything in native/ reads its numbers from here; nothing repeats one.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace mimdet {

class Json;

struct EncoderConfig {
  int64_t dim = 768;
  int64_t depth = 12;
  int64_t heads = 12;
  double mlp_ratio = 4.0;
  double drop_path = 0.1;  // of the last block; rises linearly from 0
  double layer_norm_eps = 1e-5;
};

struct DecoderConfig {
  int64_t dim = 512;
  int64_t depth = 4;
  int64_t heads = 16;
  double mlp_ratio = 4.0;
  double layer_norm_eps = 1e-5;
};

struct RpnConfig {
  int64_t convs = 2;
  std::vector<std::vector<double>> anchor_sizes = {{32}, {64}, {128}, {256}, {512}};  // pixels, one list a level p2 … p6
  std::vector<double> anchor_ratios = {0.5, 1.0, 2.0};                                // height / width
  int64_t batch_per_image = 256;
  double positive_fraction = 0.5;
  int64_t pre_nms_topk_train = 2000, pre_nms_topk_test = 1000;    // per level
  int64_t post_nms_topk_train = 1000, post_nms_topk_test = 1000;  // over all levels
  double nms_threshold = 0.7;

  int64_t anchors_per_place(size_t level) const {
    return static_cast<int64_t>(anchor_sizes[level].size() * anchor_ratios.size());
  }
};

struct RoiConfig {
  int64_t box_pool = 7, mask_pool = 14;  // bins a side
  int64_t box_convs = 4, box_conv_dim = 256, box_fc_dim = 1024;
  int64_t mask_convs = 4, mask_conv_dim = 256;
  int64_t batch_per_image = 512;
  double positive_fraction = 0.25;
  double score_threshold = 0.05;
  double nms_threshold = 0.5;
  int64_t detections_per_image = 100;
};

struct ModelConfig {
  int64_t image_size = 800;  // of the stored position embeddings, pixels a side
  int64_t patch_size = 16;
  double sample_ratio = 0.5;  // of training; inference states its own
  EncoderConfig encoder;
  DecoderConfig decoder;
  int64_t fpn_channels = 256;
  RpnConfig rpn;
  RoiConfig roi;
  std::vector<double> pixel_mean = {123.675, 116.28, 103.53};  // RGB, of 0 … 255
  std::vector<double> pixel_std = {58.395, 57.12, 57.375};
  int64_t min_size = 800, max_size = 1333;  // shortest edge, longest edge at most
  int64_t size_divisibility = 32;
  std::vector<std::string> classes;

  int64_t num_classes() const { return static_cast<int64_t>(classes.size()); }
  /// Side of the square grid that the position embeddings are stored for.
  int64_t stored_grid() const { return image_size / patch_size; }

  /// Throws Error(kInvalidArgument) naming the key for anything that no model can be built from.
  static ModelConfig from_json(const Json& json);
  static ModelConfig from_json_text(std::string_view text);
  Json to_json() const;
};

/// Numbers that the reference fixes for every model, and that no configuration changes.
namespace fixed {
inline constexpr int64_t kStride = 16;                       // of the stem's last stage: pixels a patch
inline constexpr double kGroupNormEps = 1e-6;                // conv stem
inline constexpr double kBatchNormEps = 1e-5;                // FPN and heads
inline constexpr int64_t kLevelStrides[] = {4, 8, 16, 32, 64};  // p2 … p6
inline constexpr int64_t kPooledLevels = 4;                  // RoIs are pooled from p2 … p5
inline constexpr int64_t kCanonicalLevel = 4;                // a box of kCanonicalBoxSize is pooled from p4
inline constexpr double kCanonicalBoxSize = 224;             // pixels
inline constexpr double kRpnBoxWeights[] = {1, 1, 1, 1};     // of dx, dy, dw, dh
inline constexpr double kRoiBoxWeights[] = {10, 10, 5, 5};
inline constexpr double kMaxSizeDelta = 4.135166556742356;   // log(1000 / 16): a box grows at most by that
inline constexpr double kPaddingNoise = 100;                 // of a patch in the padding: it is drawn last
inline constexpr double kMaskThreshold = 0.5;
inline constexpr int64_t kMostCandidates = 4096;             // pairs of box and class that NMS on a GPU takes at once; a picture with more goes the longer way where they do not do
inline constexpr int64_t kMasksAtATime = 256;                // boxes in the mask head: memory does not grow with what a call asks for
}  // namespace fixed

/// "base", "large" (the paper's, with COCO's 80 classes) or "tiny"; Error(kInvalidArgument) for another name.
ModelConfig preset(const std::string& name);
const std::vector<std::string>& preset_names();

}  // namespace mimdet
