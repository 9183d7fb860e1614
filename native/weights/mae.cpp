// See mae.h.
#include "weights/mae.h"

#include <algorithm>
#include <unordered_map>

#include "base/error.h"
#include "weights/check_weights.h"
#include "weights/position_resize.h"
#include "weights/weight_names.h"

namespace mimdet {
namespace {

constexpr std::string_view kEncoder = "backbone.bottom_up.encoder.", kDecoder = "backbone.bottom_up.decoder.";

bool has(const std::vector<TensorSpec>& found, std::string_view name) {
  return std::any_of(found.begin(), found.end(), [&](const TensorSpec& tensor) { return tensor.name == name; });
}

/// MAE's name of a tensor of ours; "" for one that MAE does not have (the stem, conv_feat_proj, FPN and heads).
std::string mae_name(std::string_view ours) {
  for (std::string_view prefix : {kEncoder, kDecoder}) {
    if (!ours.starts_with(prefix)) continue;
    const std::string_view rest = ours.substr(prefix.size());
    if (rest.starts_with("patch_embed.") || rest.starts_with("conv_feat_proj.")) return "";
    return std::string(rest);
  }
  return "";
}

bool is_position(std::string_view ours) { return ours.ends_with("pos_embed"); }

[[noreturn]] void refuse_without_decoder() {
  fail_expected(ErrorCode::kWeights, "a full MAE checkpoint, with its decoder", "checkpoint",
                "one of the encoder alone: the decoder would stay random, and training from there is known to end in NaN. "
                "The file that MAE calls full (\"pretrain_full\", also used for its visualisation) has both; --mae-encoder-only "
                "takes this one as it is");
}

}  // namespace

bool is_mae(const std::vector<TensorSpec>& found) { return has(found, "pos_embed") && has(found, "blocks.0.attn.qkv.weight"); }

ModelConfig find_mae_preset(const std::vector<TensorSpec>& found) {
  int64_t width = 0, depth = 0;
  for (const TensorSpec& tensor : found) {
    if (tensor.name == "pos_embed" && tensor.shape.size() == 3) width = tensor.shape[2];
    if (tensor.name.starts_with("blocks.") && tensor.name.ends_with(".attn.qkv.weight")) ++depth;
  }
  for (const std::string& name : preset_names())
    if (preset(name).encoder.dim == width && preset(name).encoder.depth == depth) return preset(name);
  fail_expected(ErrorCode::kWeights, "a preset's encoder, or --config", "checkpoint",
                "an encoder of width " + std::to_string(width) + " and depth " + std::to_string(depth));
}

namespace {

using SourcesByName = std::unordered_map<std::string_view, const StoredTensor*>;

/// Empty where the source fits the tensor of ours, else what is wrong with it.
std::string misfit(const ExpectedTensor& expected, const StoredTensor& source) {
  if (is_position(expected.name) ? is_position_shape(source.shape, expected.shape[2]) : source.shape == expected.shape) return "";
  const char* relation = is_position(expected.name) ? " for the grid of " : " in place of ";
  return show_name(source.name) + " is " + show_shape(source.shape) + relation + show_shape(expected.shape);
}

}  // namespace

std::vector<MaeTensor> map_mae(const std::vector<StoredTensor>& tensors, const ModelConfig& config, bool encoder_only) {
  SourcesByName by_name;
  for (const StoredTensor& tensor : tensors) by_name.emplace(tensor.name, &tensor);
  if (!encoder_only && !by_name.contains("decoder_embed.weight")) refuse_without_decoder();
  std::vector<MaeTensor> mapped;
  std::vector<std::string> missing, misshapen;
  for (const ExpectedTensor& expected : expected_tensors(config)) {
    const std::string name = mae_name(expected.name);
    if (name.empty() || (encoder_only && !expected.name.starts_with(kEncoder))) continue;
    const auto source = by_name.find(name);
    const std::string wrong = source == by_name.end() ? "" : misfit(expected, *source->second);
    if (source == by_name.end()) missing.push_back(name);
    else if (!wrong.empty()) misshapen.push_back(wrong);
    else mapped.push_back({expected.name, expected.shape, source->second, is_position(expected.name)});
  }
  if (!missing.empty()) fail_expected(ErrorCode::kWeights, "MAE's tensors", "checkpoint", "one without " + show_names(missing));
  if (!misshapen.empty())
    fail_expected(ErrorCode::kWeights, "MAE's tensors in our shapes", "checkpoint", "others: " + show_names(misshapen));
  return mapped;
}

}  // namespace mimdet
