// ModelConfig from and to JSON, and its checks.
#include "model/config.h"

#include <cmath>

#include "base/error.h"
#include "base/json.h"
#include "base/json_section.h"
#include "weights/weight_names.h"

namespace mimdet {
namespace {

void read_encoder(JsonSection& s, EncoderConfig& c) {
  s.integer("dim", c.dim, 8, 16384);
  s.integer("depth", c.depth, 1, 512);
  s.integer("heads", c.heads, 1, 1024);
  s.number("mlpRatio", c.mlp_ratio, 0.01, 64);
  s.number("dropPath", c.drop_path, 0, 0.99);
  s.number("layerNormEps", c.layer_norm_eps, 1e-12, 1);
}

void read_decoder(JsonSection& s, DecoderConfig& c) {
  s.integer("dim", c.dim, 4, 16384);
  s.integer("depth", c.depth, 1, 512);
  s.integer("heads", c.heads, 1, 1024);
  s.number("mlpRatio", c.mlp_ratio, 0.01, 64);
  s.number("layerNormEps", c.layer_norm_eps, 1e-12, 1);
}

void read_rpn(JsonSection& s, RpnConfig& c) {
  s.integer("convs", c.convs, 1, 16);
  s.sizes("anchorSizes", c.anchor_sizes);
  s.numbers("anchorRatios", c.anchor_ratios, 0, 1e-3);
  s.integer("batchPerImage", c.batch_per_image, 1, 1000000);
  s.number("positiveFraction", c.positive_fraction, 0, 1);
  s.pair("preNmsTopk", c.pre_nms_topk_train, c.pre_nms_topk_test);
  s.pair("postNmsTopk", c.post_nms_topk_train, c.post_nms_topk_test);
  s.number("nmsThreshold", c.nms_threshold, 0, 1);
}

void read_roi(JsonSection& s, RoiConfig& c) {
  s.integer("boxPool", c.box_pool, 1, 64);
  s.integer("maskPool", c.mask_pool, 1, 64);
  s.integer("boxConvs", c.box_convs, 0, 16);
  s.integer("boxConvDim", c.box_conv_dim, 1, 16384);
  s.integer("boxFcDim", c.box_fc_dim, 1, 65536);
  s.integer("maskConvs", c.mask_convs, 0, 16);
  s.integer("maskConvDim", c.mask_conv_dim, 1, 16384);
  s.integer("batchPerImage", c.batch_per_image, 1, 1000000);
  s.number("positiveFraction", c.positive_fraction, 0, 1);
  s.number("scoreThreshold", c.score_threshold, 0, 1);
  s.number("nmsThreshold", c.nms_threshold, 0, 1);
  s.integer("detectionsPerImage", c.detections_per_image, 1, 100000);
}

void require(bool holds, const std::string& what, const std::string& name, int64_t received) {
  if (!holds) fail_expected(ErrorCode::kInvalidArgument, what, name, std::to_string(received));
}

void check_together(const ModelConfig& c) {
  // The stem halves four times, whatever the patch size says; the position embedding splits a width into four.
  require(c.patch_size == 16, "16 (the stem has stride 16)", "config.patchSize", c.patch_size);
  require(c.image_size % c.patch_size == 0, "a multiple of patchSize", "config.imageSize", c.image_size);
  require(c.encoder.dim % 8 == 0, "a multiple of 8", "config.encoder.dim", c.encoder.dim);
  require(c.decoder.dim % 4 == 0, "a multiple of 4", "config.decoder.dim", c.decoder.dim);
  require(c.encoder.dim % c.encoder.heads == 0, "a divisor of encoder.dim", "config.encoder.heads", c.encoder.heads);
  require(c.decoder.dim % c.decoder.heads == 0, "a divisor of decoder.dim", "config.decoder.heads", c.decoder.heads);
  const int64_t encoder_hidden = hidden_features(c.encoder.dim, c.encoder.mlp_ratio);
  const int64_t decoder_hidden = hidden_features(c.decoder.dim, c.decoder.mlp_ratio);
  require(encoder_hidden >= 1, "one hidden feature (dim * mlpRatio) at least", "config.encoder.mlpRatio", encoder_hidden);
  require(decoder_hidden >= 1, "one hidden feature (dim * mlpRatio) at least", "config.decoder.mlpRatio", decoder_hidden);
  require(c.size_divisibility % 32 == 0, "a multiple of 32 (c5 has stride 32)", "config.sizeDivisibility", c.size_divisibility);
  require(!c.classes.empty(), "a list of names", "config.classes", 0);
}

Json json_numbers(const std::vector<double>& values) {
  Json::Array items;
  for (double v : values) items.push_back(v == std::floor(v) ? Json(static_cast<int64_t>(v)) : Json(v));
  return items;
}

}  // namespace

ModelConfig ModelConfig::from_json(const Json& json) {
  ModelConfig c;
  JsonSection s(json, "config");
  s.integer("imageSize", c.image_size, 16, 65536);
  s.integer("patchSize", c.patch_size, 1, 1024);
  s.number("sampleRatio", c.sample_ratio, 0.01, 1);
  s.section("encoder", [&](JsonSection& inner) { read_encoder(inner, c.encoder); });
  s.section("decoder", [&](JsonSection& inner) { read_decoder(inner, c.decoder); });
  s.section("fpn", [&](JsonSection& inner) { inner.integer("channels", c.fpn_channels, 1, 16384); });
  s.section("rpn", [&](JsonSection& inner) { read_rpn(inner, c.rpn); });
  s.section("roi", [&](JsonSection& inner) { read_roi(inner, c.roi); });
  s.numbers("pixelMean", c.pixel_mean, 3, -1e6);
  s.numbers("pixelStd", c.pixel_std, 3, 1e-6);
  s.integer("minSize", c.min_size, 1, 65536);
  s.integer("maxSize", c.max_size, 1, 65536);
  s.integer("sizeDivisibility", c.size_divisibility, 1, 65536);
  s.strings("classes", c.classes);
  s.finish();
  check_together(c);
  return c;
}

ModelConfig ModelConfig::from_json_text(std::string_view text) {
  try {
    return from_json(Json::parse(text));
  } catch (const JsonError& error) {
    fail(ErrorCode::kInvalidArgument, std::string("Expected JSON for `config` but received text that is none: ") + error.what());
  }
}

Json ModelConfig::to_json() const {
  Json::Array anchor_sizes, class_names;
  for (const auto& level : rpn.anchor_sizes) anchor_sizes.push_back(json_numbers(level));
  for (const auto& name : classes) class_names.push_back(name);
  return Json::Object{
      {"imageSize", image_size},
      {"patchSize", patch_size},
      {"sampleRatio", sample_ratio},
      {"encoder", Json::Object{{"dim", encoder.dim}, {"depth", encoder.depth}, {"heads", encoder.heads}, {"mlpRatio", encoder.mlp_ratio},
                               {"dropPath", encoder.drop_path}, {"layerNormEps", encoder.layer_norm_eps}}},
      {"decoder", Json::Object{{"dim", decoder.dim}, {"depth", decoder.depth}, {"heads", decoder.heads}, {"mlpRatio", decoder.mlp_ratio},
                               {"layerNormEps", decoder.layer_norm_eps}}},
      {"fpn", Json::Object{{"channels", fpn_channels}}},
      {"rpn", Json::Object{{"convs", rpn.convs}, {"anchorSizes", anchor_sizes}, {"anchorRatios", json_numbers(rpn.anchor_ratios)},
                           {"batchPerImage", rpn.batch_per_image}, {"positiveFraction", rpn.positive_fraction},
                           {"preNmsTopk", Json::Array{rpn.pre_nms_topk_train, rpn.pre_nms_topk_test}},
                           {"postNmsTopk", Json::Array{rpn.post_nms_topk_train, rpn.post_nms_topk_test}}, {"nmsThreshold", rpn.nms_threshold}}},
      {"roi", Json::Object{{"boxPool", roi.box_pool}, {"maskPool", roi.mask_pool}, {"boxConvs", roi.box_convs}, {"boxConvDim", roi.box_conv_dim},
                           {"boxFcDim", roi.box_fc_dim}, {"maskConvs", roi.mask_convs}, {"maskConvDim", roi.mask_conv_dim},
                           {"batchPerImage", roi.batch_per_image}, {"positiveFraction", roi.positive_fraction}, {"scoreThreshold", roi.score_threshold},
                           {"nmsThreshold", roi.nms_threshold}, {"detectionsPerImage", roi.detections_per_image}}},
      {"pixelMean", json_numbers(pixel_mean)},
      {"pixelStd", json_numbers(pixel_std)},
      {"minSize", min_size},
      {"maxSize", max_size},
      {"sizeDivisibility", size_divisibility},
      {"classes", class_names},
  };
}

}  // namespace mimdet
