// golden/optimizer: parameter groups, learning rates, drop path, and how the initial weights are distributed.
#include <ATen/ops/cat.h>

#include <cmath>

#include "data_parity.h"
#include "model/config.h"
#include "train/drop_path.h"
#include "train/initial_weights.h"
#include "train/lr_schedule.h"
#include "train/name_pattern.h"
#include "train/param_groups.h"

namespace mimdet::parity {
namespace {

constexpr double kRounding = 1e-12;  // of numbers that both sides compute in float64

bool same_group(const ExpectedTensor& tensor, const OptimizerOptions& options, const ModelConfig& config, const Json& stored) {
  const ParamGroup group = param_group(tensor.name, tensor.shape, options, config.encoder.depth);
  const Json::Array& expected = stored.array();
  std::vector<int64_t> shape;
  for (const Json& side : expected[2].array()) shape.push_back(side.integer());
  return std::abs(group.lr_factor - expected[0].number()) <= kRounding && group.weight_decay == expected[1].number() && shape == tensor.shape;
}

/// Counts what differs: groups of one name, names of one side alone, sums.
void compare_groups(const Folder& folder, const std::string& preset_name, Report& report) {
  const Json stored = folder.json("groups_" + preset_name + ".json");
  const ModelConfig config = preset(preset_name);
  OptimizerOptions options;
  options.multiplier = stored.at("multiplier").number();
  int64_t known = 0, different = 0, total = 0, trainable = 0, frozen = 0;
  for (const ExpectedTensor& tensor : expected_tensors(config)) {
    if (tensor.role == TensorRole::kStatistic) continue;
    int64_t numbers = 1;
    for (const int64_t side : tensor.shape) numbers *= side;
    total += numbers;
    if (tensor.role == TensorRole::kFrozen) {
      ++frozen;
      continue;
    }
    trainable += numbers;
    const Json* group = stored.at("parameters").find(tensor.name);
    known += group != nullptr;
    different += !group || !same_group(tensor, options, config, *group);
  }
  different += std::ssize(stored.at("parameters").object()) - known;
  report.add("groups." + preset_name, static_cast<double>(different), 0);
  const bool counts = total == stored.at("total").integer() && trainable == stored.at("trainable").integer() &&
                      frozen == std::ssize(stored.at("frozen").array());
  report.add("groups." + preset_name + ".counts", counts ? 0 : 1, 0);
}

void compare_schedule(const Json& stored, Report& report) {
  const Json::Array& values = stored.at("values").array();
  ScheduleOptions schedule;
  schedule.kind = ScheduleKind::kMultistep;
  schedule.steps = stored.at("maxIter").integer();
  schedule.warmup_steps = stored.at("warmupLength").number() * static_cast<double>(schedule.steps);
  if (values.size() > 1) schedule.gamma = values[1].number() / values[0].number();
  for (const Json& milestone : stored.at("milestones").array()) schedule.milestones.push_back(milestone.integer());
  for (const Json& pair : stored.at("multiplier").array())
    report.add("schedule", std::abs(lr_factor(schedule, pair.array()[0].integer()) - pair.array()[1].number()), kRounding);
}

void compare_drop_path(const Json& stored, Report& report) {
  for (const auto& [name, expected] : stored.object()) {
    const std::vector<float> ours = drop_path_probabilities(preset(name).encoder);
    double different = std::abs(static_cast<double>(std::ssize(ours) - std::ssize(expected.array())));
    for (size_t i = 0; i < ours.size() && i < expected.array().size(); ++i)
      different += static_cast<double>(ours[i]) != expected.array()[i].number();
    report.add("drop_path." + name, different, 0);
  }
}

/// All numbers of the tensors of that name; a `*` stands for every block.
at::Tensor pooled(const StateDict& tensors, const std::string& name) {
  std::vector<at::Tensor> found;
  for (const auto& [each, tensor] : tensors)
    if (name.find('*') == std::string::npos ? each == name : matches(each, name)) found.push_back(tensor.flatten().to(at::kDouble));
  return found.empty() ? at::Tensor() : at::cat(found);
}

/// Two samples of one distribution differ in mean and deviation by about 1 / sqrt(count) deviations; a constant not at all. A uniform
/// distribution is known by its borders, where every large sample comes near.
void compare_distribution(const std::string& name, const at::Tensor& ours, const Json& stored, Report& report) {
  if (!ours.defined() || ours.numel() != stored.at("count").integer()) return report.add("init." + name, 1, 0);
  const double mean = stored.at("mean").number(), deviation = stored.at("std").number(), largest = stored.at("max").number();
  const double our_largest = ours.max().item<double>(), our_mean = ours.mean().item<double>();
  if (deviation == 0) return report.add("init." + name, std::abs(our_mean - mean) + std::abs(our_largest - largest), 0);
  double error = std::abs(our_mean - mean);
  error = std::max(error, std::abs(ours.std().item<double>() - deviation));
  const bool uniform = largest - mean < 1.8 * deviation;
  if (uniform) error = std::max({error, std::abs(our_largest - largest), std::abs(ours.min().item<double>() - stored.at("min").number())});
  else if (our_largest - our_mean < 1.8 * deviation) error = our_largest;
  report.add("init." + name, error / deviation, 8 / std::sqrt(stored.at("count").number()));
}

void compare_initial_weights(const Json& stored, Report& report) {
  const StateDict tensors = fresh_weights(preset("base"), 1).tensors;
  for (const auto& [name, expected] : stored.object()) compare_distribution(name, pooled(tensors, name), expected, report);
}

}  // namespace

void compare_optimizer(const Folder& folder, Report& report) {
  for (const std::string& name : preset_names())
    if (folder.has("groups_" + name + ".json")) compare_groups(folder, name, report);
  if (folder.has("schedule.json")) compare_schedule(folder.json("schedule.json"), report);
  if (folder.has("drop_path.json")) compare_drop_path(folder.json("drop_path.json"), report);
  if (folder.has("init.json")) compare_initial_weights(folder.json("init.json"), report);
}

}  // namespace mimdet::parity
