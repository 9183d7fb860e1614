#include "train/backbone.h"

#include <ATen/ops/max_pool2d.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/stack.h>

#include "train/drop_path.h"
#include "train/layers.h"
#include "train/recompute.h"
#include "train/transformer_block.h"

namespace mimdet::train {
namespace {

const std::string kEncoder = "backbone.bottom_up.encoder", kDecoder = "backbone.bottom_up.decoder";

PositionEmbedding position(const Parameters& parameters, const std::string& name) {
  const StateDict state = parameters.state();
  return PositionEmbedding(WeightSource(state, state.at(name).device(), at::kFloat), name);
}

at::Tensor stem_stage(const Parameters& parameters, const std::string& prefix, const at::Tensor& x, bool last) {
  const at::Tensor y = group_norm_gelu(parameters, prefix + "1", conv_halving(parameters, prefix + "0", x));
  return last ? conv(parameters, prefix + "3", y) : y;
}

/// Runs the part as it is, or so that it is recomputed in the backward pass.
at::Tensor run(bool checkpointing, const Parameters& parameters, const std::string& prefix, const at::Tensor& x, const NetworkPart& part) {
  return checkpointing ? recomputed(x, parameters.trainable_under(prefix), part) : part(x);
}

/// What each block's branches are multiplied with, picture by picture; undefined where none can be left out. Drawn at once, so that a GPU waits for
/// one upload.
std::vector<BranchScales> branch_scales(TrainingDraws& draws, const at::Tensor& tokens, const std::vector<float>& drop) {
  const int64_t pictures = tokens.size(0);
  std::vector<at::Tensor> drawn;
  for (size_t i = 0; i < 2 * drop.size(); ++i) {
    const double keep = 1.0 - static_cast<double>(drop[i / 2]);
    const bool all = keep == 1;
    drawn.push_back(all ? at::ones({pictures}) : draws.kept_branches(static_cast<int64_t>(i), pictures, keep).to(at::kFloat) / keep);
  }
  const at::Tensor scales = at::stack(drawn).view({-1, pictures, 1, 1}).to(tokens.device());
  std::vector<BranchScales> blocks;
  for (size_t block = 0; block < drop.size(); ++block) {
    const auto row = static_cast<int64_t>(2 * block);
    blocks.push_back(drop[block] > 0 ? BranchScales{scales[row], scales[row + 1]} : BranchScales{});
  }
  return blocks;
}

}  // namespace

Backbone::Backbone(const ModelConfig& config, const Parameters& parameters, bool checkpointing)
    : config_(config),
      parameters_(parameters),
      checkpointing_(checkpointing),
      encoder_position_(position(parameters, kEncoder + ".pos_embed")),
      decoder_position_(position(parameters, kDecoder + ".decoder_pos_embed")) {}

BackboneFeatures Backbone::operator()(const ImageBatch& images, TrainingDraws& draws, double ratio) const {
  StemFeatures stages = stem(images.pixels);
  stages[0].reset();  // the largest, and nobody reads it again
  const at::Tensor c4 = ratio < 1.0 ? sampled(stages[3], images, draws, ratio) : dense(stages[3], draws);
  return {stages[1], stages[2], c4, at::max_pool2d(c4, 2)};
}

StemFeatures Backbone::stem(const at::Tensor& pixels) const {
  StemFeatures features;
  at::Tensor x = pixels.contiguous(at::MemoryFormat::ChannelsLast);
  for (size_t i = 0; i < features.size(); ++i) {
    const std::string prefix = kEncoder + ".patch_embed.proj." + std::to_string(i) + ".";
    const bool last = i + 1 == features.size();
    features[i] = x = run(checkpointing_, parameters_, prefix, x, [&parameters = parameters_, prefix, last](const at::Tensor& input) {
      return stem_stage(parameters, prefix, input, last);
    });
  }
  return features;
}

at::Tensor Backbone::encode(at::Tensor tokens, TrainingDraws& draws) const {
  const std::vector<BranchScales> scales = branch_scales(draws, tokens, drop_path_probabilities(config_.encoder));
  for (int64_t i = 0; i < config_.encoder.depth; ++i) {
    const std::string prefix = kEncoder + ".blocks." + std::to_string(i);
    tokens = run(checkpointing_, parameters_, prefix + ".", tokens,
                 [&parameters = parameters_, prefix, scales = scales[i], encoder = config_.encoder](const at::Tensor& x) {
                   return transformer_block(parameters, prefix, x, encoder.heads, encoder.layer_norm_eps, scales);
                 });
  }
  return layer_norm(parameters_, kEncoder + ".norm", tokens, config_.encoder.layer_norm_eps);
}

at::Tensor Backbone::decode(at::Tensor tokens, SizeHw grid) const {
  const DecoderConfig& decoder = config_.decoder;
  for (int64_t i = 0; i < decoder.depth; ++i) {
    const std::string prefix = kDecoder + ".decoder_blocks." + std::to_string(i);
    tokens = run(checkpointing_, parameters_, prefix + ".", tokens, [&parameters = parameters_, prefix, decoder](const at::Tensor& x) {
      return transformer_block(parameters, prefix, x, decoder.heads, decoder.layer_norm_eps);
    });
  }
  return as_map(layer_norm(parameters_, kDecoder + ".decoder_norm", tokens, decoder.layer_norm_eps), grid);
}

at::Tensor Backbone::sampled(const at::Tensor& feature, const ImageBatch& images, TrainingDraws& draws, double ratio) const {
  const SizeHw grid = {feature.size(2), feature.size(3)};
  SampledPatches patches = sample_patches(draws.patch_noise(feature.size(0), grid.height * grid.width), images.sizes, grid, ratio);
  for (at::Tensor* ids : {&patches.ids_keep, &patches.ids_shuffle, &patches.ids_restore}) *ids = ids->to(feature.device());
  const at::Tensor tokens = as_tokens(feature);
  const at::Tensor encoded = encode(gather_rows(tokens + encoder_position_(grid), patches.ids_keep), draws);
  const at::Tensor embedded = linear(parameters_, kDecoder + ".decoder_embed", encoded);
  const at::Tensor projected = linear(parameters_, kDecoder + ".conv_feat_proj", tokens);
  return decode(fill_patches(embedded, projected, patches) + decoder_position_(grid), grid);
}

at::Tensor Backbone::dense(const at::Tensor& feature, TrainingDraws& draws) const {
  const SizeHw grid = {feature.size(2), feature.size(3)};
  const at::Tensor encoded = encode(as_tokens(feature) + encoder_position_(grid), draws);
  return decode(linear(parameters_, kDecoder + ".decoder_embed", encoded) + decoder_position_(grid), grid);
}

}  // namespace mimdet::train
