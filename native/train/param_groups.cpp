// See param_groups.h.
#include "train/param_groups.h"

#include <cmath>
#include <optional>
#include <string_view>

#include "base/error.h"
#include "train/name_pattern.h"

namespace mimdet {
namespace {

constexpr std::string_view kEncoder = "backbone.bottom_up.encoder";
constexpr std::string_view kStem = "backbone.bottom_up.encoder.patch_embed";
constexpr std::string_view kBlocks = "backbone.bottom_up.encoder.blocks.";

double reference_factor(std::string_view name, double multiplier) {
  if (name.starts_with(kStem)) return 1;
  return name.starts_with(kEncoder) ? 1 / multiplier : multiplier;
}

/// How many layers of the encoder (and one for what follows it) lie above the parameter.
int64_t layers_above(std::string_view name, int64_t depth) {
  if (name.starts_with(kStem)) return depth + 1;
  if (!name.starts_with(kBlocks)) return 0;
  return depth - std::stoll(std::string(name.substr(kBlocks.size())));
}

double layer_factor(std::string_view name, double decay, int64_t depth) {
  return decay == 0 || decay == 1 ? 1 : std::pow(decay, static_cast<double>(layers_above(name, depth)));
}

/// All one-dimensional weights are those of norms. (The reference decays no one-dimensional tensor; so does 0, the default.)
double weight_decay(std::string_view name, const std::vector<int64_t>& shape, const OptimizerOptions& options) {
  if (name.ends_with(".bias")) return 0;
  return shape.size() == 1 ? options.weight_decay_norm : options.weight_decay;
}

}  // namespace

ParamGroup param_group(const std::string& name, const std::vector<int64_t>& shape, const OptimizerOptions& options, int64_t depth) {
  const double factor = reference_factor(name, options.multiplier) * layer_factor(name, options.layer_decay, depth);
  return {factor, weight_decay(name, shape, options)};
}

std::unordered_set<std::string> frozen_names(const std::vector<ExpectedTensor>& tensors, const OptimizerOptions& options) {
  std::unordered_set<std::string> frozen;
  size_t parameters = 0;
  for (const ExpectedTensor& tensor : tensors) parameters += tensor.role == TensorRole::kParameter;
  for (const std::string& pattern : options.freeze) {
    bool matched = false;
    for (const ExpectedTensor& tensor : tensors) {
      if (!matches(tensor.name, pattern)) continue;
      matched = true;
      if (tensor.role == TensorRole::kParameter) frozen.insert(tensor.name);
    }
    if (!matched)
      fail_expected(ErrorCode::kInvalidArgument, "the beginning of a parameter's name, or a pattern with *", "optimizer.freeze", "\"" + pattern + "\"");
  }
  if (frozen.size() == parameters)
    fail_expected(ErrorCode::kInvalidArgument, "parameters that are left to train", "optimizer.freeze", "patterns that match them all");
  return frozen;
}

}  // namespace mimdet
