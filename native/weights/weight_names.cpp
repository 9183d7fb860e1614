// One small function for each part of the model; each adds its tensors under a prefix.
#include "weights/weight_names.h"

#include <initializer_list>

namespace mimdet {
namespace {

using Shape = std::vector<int64_t>;

class NameList {
 public:
  void add(std::string name, Shape shape, TensorRole role = TensorRole::kParameter) {
    tensors_.push_back({std::move(name), std::move(shape), role});
  }
  /// Weight and bias of a linear, a convolution or a norm.
  void add_pair(const std::string& name, Shape weight, int64_t bias) {
    add(name + ".weight", std::move(weight));
    add(name + ".bias", {bias});
  }
  void add_linear(const std::string& name, int64_t out, int64_t in) { add_pair(name, {out, in}, out); }
  void add_conv(const std::string& name, int64_t out, int64_t in, int64_t kernel) {
    add_pair(name, {out, in, kernel, kernel}, out);
  }
  void add_norm(const std::string& name, int64_t channels) { add_pair(name, {channels}, channels); }
  /// Convolution without bias and the BatchNorm under its name.
  void add_conv_batch_norm(const std::string& name, int64_t out, int64_t in, int64_t kernel) {
    add(name + ".weight", {out, in, kernel, kernel});
    add_norm(name + ".norm", out);
    add(name + ".norm.running_mean", {out}, TensorRole::kStatistic);
    add(name + ".norm.running_var", {out}, TensorRole::kStatistic);
  }
  std::vector<ExpectedTensor> take() { return std::move(tensors_); }

 private:
  std::vector<ExpectedTensor> tensors_;
};

void add_stem(NameList& list, const std::string& prefix, int64_t dim) {
  int64_t in = 3;
  for (int64_t stage = 0; stage < 4; ++stage) {
    const int64_t out = dim >> (3 - stage);
    const std::string name = prefix + std::to_string(stage);
    list.add(name + ".0.weight", {out, in, 3, 3});
    list.add_norm(name + ".1", out);
    in = out;
  }
  list.add_conv(prefix + "3.3", dim, dim, 1);
}

void add_block(NameList& list, const std::string& prefix, int64_t dim, double mlp_ratio) {
  const int64_t hidden = hidden_features(dim, mlp_ratio);
  list.add_norm(prefix + ".norm1", dim);
  list.add_linear(prefix + ".attn.qkv", 3 * dim, dim);
  list.add_linear(prefix + ".attn.proj", dim, dim);
  list.add_norm(prefix + ".norm2", dim);
  list.add_linear(prefix + ".mlp.fc1", hidden, dim);
  list.add_linear(prefix + ".mlp.fc2", dim, hidden);
}

void add_encoder(NameList& list, const ModelConfig& config, int64_t stored_rows) {
  const std::string prefix = "backbone.bottom_up.encoder.";
  const EncoderConfig& encoder = config.encoder;
  add_stem(list, prefix + "patch_embed.proj.", encoder.dim);
  list.add(prefix + "pos_embed", {1, stored_rows, encoder.dim}, TensorRole::kFrozen);
  for (int64_t i = 0; i < encoder.depth; ++i)
    add_block(list, prefix + "blocks." + std::to_string(i), encoder.dim, encoder.mlp_ratio);
  list.add_norm(prefix + "norm", encoder.dim);
}

void add_decoder(NameList& list, const ModelConfig& config, int64_t stored_rows) {
  const std::string prefix = "backbone.bottom_up.decoder.";
  const DecoderConfig& decoder = config.decoder;
  list.add_linear(prefix + "decoder_embed", decoder.dim, config.encoder.dim);
  list.add_linear(prefix + "conv_feat_proj", decoder.dim, config.encoder.dim);
  list.add(prefix + "decoder_pos_embed", {1, stored_rows, decoder.dim}, TensorRole::kFrozen);
  for (int64_t i = 0; i < decoder.depth; ++i)
    add_block(list, prefix + "decoder_blocks." + std::to_string(i), decoder.dim, decoder.mlp_ratio);
  list.add_norm(prefix + "decoder_norm", decoder.dim);
}

void add_fpn(NameList& list, const ModelConfig& config) {
  const int64_t channels[] = {config.encoder.dim / 4, config.encoder.dim / 2, config.decoder.dim, config.decoder.dim};  // c2 … c5
  for (int level = 2; level <= 5; ++level) {
    list.add_conv_batch_norm("backbone.fpn_lateral" + std::to_string(level), config.fpn_channels, channels[level - 2], 1);
    list.add_conv_batch_norm("backbone.fpn_output" + std::to_string(level), config.fpn_channels, config.fpn_channels, 3);
  }
}

void add_rpn(NameList& list, const ModelConfig& config) {
  const std::string prefix = "proposal_generator.rpn_head.";
  const int64_t channels = config.fpn_channels, anchors = config.rpn.anchors_per_place(0);
  for (int64_t i = 0; i < config.rpn.convs; ++i)
    list.add_conv(rpn_conv_name(i, config.rpn.convs), channels, channels, 3);
  list.add_conv(prefix + "objectness_logits", anchors, channels, 1);
  list.add_conv(prefix + "anchor_deltas", 4 * anchors, channels, 1);
}

int64_t add_head_convs(NameList& list, const std::string& prefix, int64_t count, int64_t in, int64_t out) {
  for (int64_t i = 1; i <= count; ++i, in = out) list.add_conv_batch_norm(prefix + std::to_string(i), out, in, 3);
  return in;
}

void add_box_head(NameList& list, const ModelConfig& config) {
  const RoiConfig& roi = config.roi;
  const int64_t channels = add_head_convs(list, "roi_heads.box_head.conv", roi.box_convs, config.fpn_channels, roi.box_conv_dim);
  list.add_linear("roi_heads.box_head.fc1", roi.box_fc_dim, channels * roi.box_pool * roi.box_pool);
  list.add_linear("roi_heads.box_predictor.cls_score", config.num_classes() + 1, roi.box_fc_dim);
  list.add_linear("roi_heads.box_predictor.bbox_pred", 4 * config.num_classes(), roi.box_fc_dim);
}

void add_mask_head(NameList& list, const ModelConfig& config) {
  const RoiConfig& roi = config.roi;
  const int64_t channels =
      add_head_convs(list, "roi_heads.mask_head.mask_fcn", roi.mask_convs, config.fpn_channels, roi.mask_conv_dim);
  list.add_pair("roi_heads.mask_head.deconv", {channels, roi.mask_conv_dim, 2, 2},
                roi.mask_conv_dim);  // transposed: (in, out, 2, 2)
  list.add_conv("roi_heads.mask_head.predictor", config.num_classes(), roi.mask_conv_dim, 1);
}

}  // namespace

std::vector<ExpectedTensor> expected_tensors(const ModelConfig& config) {
  const int64_t stored_rows = 1 + config.stored_grid() * config.stored_grid();  // row 0 is a class token's
  NameList list;
  add_encoder(list, config, stored_rows);
  add_decoder(list, config, stored_rows);
  add_fpn(list, config);
  add_rpn(list, config);
  add_box_head(list, config);
  add_mask_head(list, config);
  return list.take();
}

int64_t hidden_features(int64_t dim, double mlp_ratio) { return static_cast<int64_t>(static_cast<double>(dim) * mlp_ratio); }

std::string rpn_conv_name(int64_t index, int64_t count) {
  return "proposal_generator.rpn_head.conv" + (count == 1 ? "" : ".conv" + std::to_string(index));
}

bool is_ignored_tensor(std::string_view name) {
  return name.ends_with("num_batches_tracked") || name == "pixel_mean" || name == "pixel_std" ||
         name.find("anchor_generator.cell_anchors") != std::string_view::npos;
}

}  // namespace mimdet
