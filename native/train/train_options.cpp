// See train_options.h.
#include "train/train_options.h"

#include <algorithm>

#include "base/error.h"
#include "base/json.h"
#include "base/json_section.h"

namespace mimdet {
namespace {

constexpr int64_t kMostSteps = 1000000000;
const std::vector<std::string> kKinds = {"constant", "multistep", "cosine"};  // in the order of ScheduleKind

void read_freeze(JsonSection& section, std::vector<std::string>& patterns) {
  const Json* found = section.take("freeze");
  if (!found) return;
  const auto wrong = [&] { refuse_json("a list of at most 1000 names", section.name("freeze"), *found); };
  if (!found->is_array() || found->array().size() > 1000) wrong();
  for (const Json& each : found->array()) {
    if (!each.is_string() || each.string().empty() || each.string().size() > 1000) wrong();
    patterns.push_back(each.string());
  }
}

void read_optimizer(JsonSection& s, OptimizerOptions& o) {
  std::vector<double> betas = {o.beta1, o.beta2};
  s.number("lr", o.lr, 0, 1e3);
  s.numbers("betas", betas, 2, 0);
  for (const double beta : betas)
    if (!(beta < 1)) refuse_json("two numbers from 0 to below 1", s.name("betas"), Json(beta));
  o.beta1 = betas[0], o.beta2 = betas[1];
  s.number("eps", o.eps, 1e-30, 1);
  s.number("weightDecay", o.weight_decay, 0, 1e3);
  s.number("weightDecayNorm", o.weight_decay_norm, 0, 1e3);
  s.number("multiplier", o.multiplier, 1e-6, 1e6);
  s.number("layerDecay", o.layer_decay, 0, 1);
  s.number("clipNorm", o.clip_norm, 0, 1e30);
  read_freeze(s, o.freeze);
}

void read_milestones(JsonSection& section, ScheduleOptions& schedule) {
  const Json* found = section.take("milestones");
  if (!found) return;
  const auto wrong = [&] { refuse_json("a list of at most 1000 rising steps", section.name("milestones"), *found); };
  if (!found->is_array() || found->array().size() > 1000) wrong();
  for (const Json& each : found->array()) {
    if (!each.is_integer() || each.integer() < 0 || each.integer() > kMostSteps) wrong();
    if (!schedule.milestones.empty() && each.integer() <= schedule.milestones.back()) wrong();
    schedule.milestones.push_back(each.integer());
  }
}

void read_schedule(JsonSection& s, ScheduleOptions& o) {
  std::string kind = kKinds[static_cast<size_t>(o.kind)];
  s.choice("kind", kind, kKinds);
  o.kind = static_cast<ScheduleKind>(std::find(kKinds.begin(), kKinds.end(), kind) - kKinds.begin());
  s.integer("steps", o.steps, 1, kMostSteps);
  s.number("warmupSteps", o.warmup_steps, 0, static_cast<double>(kMostSteps));
  s.number("warmupFactor", o.warmup_factor, 0, 1);
  read_milestones(s, o);
  s.number("gamma", o.gamma, 0, 1);
  s.number("finalFactor", o.final_factor, 0, 1);
}

void read_ratio(JsonSection& s, TrainOptions& options) {
  options.least_ratio = options.most_ratio = options.model.sample_ratio;
  s.number("sampleRatio", options.least_ratio, 0.01, 1);
  options.most_ratio = options.least_ratio;
  std::vector<double> range = {options.least_ratio, options.most_ratio};
  s.numbers("sampleRatioRange", range, 2, 0.01);
  if (!(range[0] <= range[1] && range[1] <= 1))
    fail_expected(ErrorCode::kInvalidArgument, "two numbers from 0.01 to 1, the smaller first", s.name("sampleRatioRange"),
                  Json(Json::Array{range[0], range[1]}).dump());
  options.least_ratio = range[0], options.most_ratio = range[1];
}

void require(const Json* found, const char* name) {
  if (!found) fail_expected(ErrorCode::kInvalidArgument, "a value", name, "none");
}

TrainOptions read_options(const Json& json) {
  TrainOptions options;
  JsonSection s(json, "options");
  const Json* model = s.take("model");
  require(model, "options.model");
  options.model = ModelConfig::from_json(*model);
  s.section("optimizer", [&](JsonSection& inner) { read_optimizer(inner, options.optimizer); });
  s.section("schedule", [&](JsonSection& inner) { read_schedule(inner, options.schedule); });
  require(options.schedule.steps > 0 ? &json : nullptr, "options.schedule.steps");
  s.integer("accumulate", options.accumulate, 1, 4096);
  s.boolean("checkpointing", options.checkpointing);
  s.choice("precision", options.precision, {"float32", "bfloat16", "float16"});
  s.number("emaDecay", options.ema_decay, 0, 0.999999);
  int64_t seed = 0, threads = 0;
  s.integer("seed", seed, 0, int64_t{1} << 53);
  s.integer("threads", threads, 0, 1024);
  options.seed = static_cast<uint64_t>(seed), options.threads = static_cast<int>(threads);
  s.text("device", options.device);
  read_ratio(s, options);
  s.finish();
  return options;
}

std::string show_difference(const std::string& path, const Json& ours, const Json& theirs) {
  const auto cut = [](std::string text) { return text.size() > 80 ? text.substr(0, 77) + "..." : text; };
  return path + " " + cut(theirs.dump()) + ", not " + cut(ours.dump());
}

std::string difference(const std::string& path, const Json& ours, const Json& theirs) {
  if (!ours.is_object() || !theirs.is_object()) return ours.dump() == theirs.dump() ? "" : show_difference(path, ours, theirs);
  for (const auto& [key, value] : ours.object()) {
    const Json* other = theirs.find(key);
    const std::string found = difference(path.empty() ? key : path + "." + key, value, other ? *other : Json());
    if (!found.empty()) return found;
  }
  for (const auto& [key, value] : theirs.object())
    if (!ours.find(key)) return show_difference(path.empty() ? key : path + "." + key, Json(), value);
  return "";
}

Json to_json(const OptimizerOptions& o) {
  return Json::Object{{"lr", o.lr}, {"beta1", o.beta1}, {"beta2", o.beta2}, {"eps", o.eps}, {"weightDecay", o.weight_decay},
                      {"weightDecayNorm", o.weight_decay_norm}, {"multiplier", o.multiplier}, {"layerDecay", o.layer_decay},
                      {"clipNorm", o.clip_norm}, {"freeze", Json::Array(o.freeze.begin(), o.freeze.end())}};
}

Json to_json(const ScheduleOptions& o) {
  return Json::Object{{"kind", kKinds[static_cast<size_t>(o.kind)]}, {"steps", o.steps}, {"warmupSteps", o.warmup_steps},
                      {"warmupFactor", o.warmup_factor}, {"milestones", Json::Array(o.milestones.begin(), o.milestones.end())},
                      {"gamma", o.gamma}, {"finalFactor", o.final_factor}};
}

}  // namespace

TrainOptions TrainOptions::from_json_text(std::string_view text) {
  try {
    return read_options(Json::parse(text));
  } catch (const JsonError& error) {
    fail(ErrorCode::kInvalidArgument, std::string("Expected JSON for `options` but received text that is none: ") + error.what());
  }
}

std::string TrainOptions::fingerprint() const {
  return Json(Json::Object{{"model", model.to_json()}, {"optimizer", to_json(optimizer)}, {"schedule", to_json(schedule)},
                           {"accumulate", accumulate}, {"precision", precision}, {"emaDecay", ema_decay},
                           {"seed", static_cast<int64_t>(seed)}, {"sampleRatioRange", Json::Array{least_ratio, most_ratio}}})
      .dump();
}

std::string first_difference(std::string_view ours, std::string_view theirs) {
  try {
    return difference("", Json::parse(ours), Json::parse(theirs));
  } catch (const JsonError& error) {
    return std::string("options that are no JSON: ") + error.what();
  }
}

}  // namespace mimdet
