// Groups, schedule and drop path against the reference's (golden/optimizer), and freezing by name.
#include <cmath>

#include "check.h"
#include "base/json.h"
#include "train/drop_path.h"
#include "train/lr_schedule.h"
#include "train/name_pattern.h"
#include "train/param_groups.h"

using namespace mimdet;

namespace {

Json stored(const std::string& name) { return Json::parse(test::read_file(test::golden("optimizer") + "/" + name)); }

void check_groups(const std::string& name) {
  const Json groups = stored("groups_" + name + ".json");
  const ModelConfig config = preset(name);
  OptimizerOptions options;
  options.multiplier = groups.at("multiplier").number();
  size_t compared = 0;
  for (const ExpectedTensor& tensor : expected_tensors(config)) {
    if (tensor.role != TensorRole::kParameter) continue;
    const Json::Array& expected = groups.at("parameters").at(tensor.name).array();
    const ParamGroup group = param_group(tensor.name, tensor.shape, options, config.encoder.depth);
    CHECK(std::abs(group.lr_factor - expected[0].number()) < 1e-12);
    CHECK_EQUAL(group.weight_decay, expected[1].number());
    ++compared;
  }
  CHECK_EQUAL(compared, groups.at("parameters").object().size());
}

OptimizerOptions freezing(std::vector<std::string> patterns) {
  OptimizerOptions options;
  options.freeze = std::move(patterns);
  return options;
}

}  // namespace

TEST("param_groups: the reference's, name by name") {
  check_groups("base");
  check_groups("large");
}

TEST("param_groups: layer decay is steepest at the stem and 1 after the encoder") {
  OptimizerOptions options;
  options.multiplier = 1;
  options.layer_decay = 0.5;
  const auto factor = [&](const char* name) { return param_group(name, {4, 4}, options, 12).lr_factor; };
  CHECK_EQUAL(factor("backbone.bottom_up.encoder.patch_embed.proj.0.0.weight"), std::pow(0.5, 13));
  CHECK_EQUAL(factor("backbone.bottom_up.encoder.blocks.0.attn.qkv.weight"), std::pow(0.5, 12));
  CHECK_EQUAL(factor("backbone.bottom_up.encoder.blocks.11.attn.qkv.weight"), 0.5);
  CHECK_EQUAL(factor("backbone.bottom_up.encoder.norm.weight"), 1.0);
  CHECK_EQUAL(factor("roi_heads.box_head.fc1.weight"), 1.0);
}

TEST("param_groups: norms have a weight decay of their own, biases none") {
  OptimizerOptions options;
  options.weight_decay_norm = 0.02;
  CHECK_EQUAL(param_group("backbone.fpn_lateral2.norm.weight", {4}, options, 12).weight_decay, 0.02);
  CHECK_EQUAL(param_group("backbone.fpn_lateral2.norm.bias", {4}, options, 12).weight_decay, 0.0);
  CHECK_EQUAL(param_group("backbone.fpn_lateral2.weight", {4, 4, 1, 1}, options, 12).weight_decay, 0.1);
}

TEST("param_groups: freezing by beginning and by pattern") {
  const auto tensors = expected_tensors(preset("tiny"));
  for (const std::string& name : frozen_names(tensors, freezing({"backbone.bottom_up.encoder"})))
    CHECK(name.starts_with("backbone.bottom_up.encoder"));
  CHECK(frozen_names(tensors, freezing({"*.norm1.*"})).contains("backbone.bottom_up.encoder.blocks.0.norm1.bias"));
  CHECK(frozen_names(tensors, freezing({})).empty());
  CHECK_FAILS(frozen_names(tensors, freezing({"backbon.x"})), ErrorCode::kInvalidArgument, "backbon.x");
  CHECK_FAILS(frozen_names(tensors, freezing({"*"})), ErrorCode::kInvalidArgument, "optimizer.freeze");
}

TEST("name_pattern: stars and question marks take the whole name, other patterns its beginning") {
  CHECK(matches("abc.def", "abc"));
  CHECK(!matches("abc.def", "bc"));
  CHECK(matches("abc.def", "*def"));
  CHECK(!matches("abc.def", "*de"));
  CHECK(matches("abc.def", "a?c.*"));
  CHECK(matches("aaab", "*a*b"));
  CHECK(!matches("", "?"));
  CHECK(!matches(std::string(5000, 'a'), std::string(400, 'a') + "*a*a*a*a*a*a*b"));
}

TEST("lr_schedule: the reference's, step by step") {
  const Json json = stored("schedule.json");
  ScheduleOptions schedule;
  schedule.kind = ScheduleKind::kMultistep;
  schedule.steps = json.at("maxIter").integer();
  schedule.warmup_steps = json.at("warmupLength").number() * static_cast<double>(schedule.steps);
  for (const Json& milestone : json.at("milestones").array()) schedule.milestones.push_back(milestone.integer());
  for (const Json& pair : json.at("multiplier").array())
    CHECK(std::abs(lr_factor(schedule, pair.array()[0].integer()) - pair.array()[1].number()) < 1e-12);
}

TEST("lr_schedule: a cosine after a warm-up meets it, and ends at the final factor") {
  ScheduleOptions schedule{.kind = ScheduleKind::kCosine, .steps = 1720, .warmup_steps = 100, .warmup_factor = 0, .milestones = {}, .gamma = 0.1, .final_factor = 0.01};
  CHECK_EQUAL(lr_factor(schedule, 0), 0.0);
  const double at_end_of_warmup = lr_factor(schedule, 100);
  CHECK(std::abs(lr_factor(schedule, 50) - at_end_of_warmup / 2) < 1e-12);
  CHECK(std::abs(lr_factor(schedule, 860) - 0.505) < 1e-12);
  CHECK(std::abs(lr_factor(schedule, 1720) - 0.01) < 1e-12);
  CHECK_EQUAL(lr_factor(schedule, 99999), lr_factor(schedule, 1720));
  schedule.kind = ScheduleKind::kConstant;
  CHECK_EQUAL(lr_factor(schedule, 100), 1.0);
}

TEST("drop_path: the reference's probabilities, to the bit") {
  const Json json = stored("drop_path.json");
  for (const auto& [name, expected] : json.object()) {
    const std::vector<float> ours = drop_path_probabilities(preset(name).encoder);
    CHECK_EQUAL(ours.size(), expected.array().size());
    for (size_t i = 0; i < ours.size() && i < expected.array().size(); ++i)
      CHECK_EQUAL(static_cast<double>(ours[i]), expected.array()[i].number());
  }
  CHECK_EQUAL(drop_path_probabilities({.depth = 1, .drop_path = 0.5})[0], 0.0f);
}
