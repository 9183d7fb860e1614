// The strict JSON of training options, and what tells two runs apart.
#include "check.h"
#include "base/json.h"
#include "train/train_options.h"

using namespace mimdet;

namespace {

std::string options_text(const std::string& more, const std::string& schedule = R"("steps": 100)") {
  return R"({"model": )" + preset("tiny").to_json().dump() + R"(, "schedule": {)" + schedule + "}" + (more.empty() ? "" : ", " + more) + "}";
}

TrainOptions options(const std::string& more, const std::string& schedule = R"("steps": 100)") {
  return TrainOptions::from_json_text(options_text(more, schedule));
}

}  // namespace

TEST("train_options: what is not said is the reference's, and the ratio is the model's") {
  const TrainOptions read = options("");
  CHECK_EQUAL(read.optimizer.lr, 8e-5);
  CHECK_EQUAL(read.optimizer.multiplier, 2.0);
  CHECK_EQUAL(read.optimizer.clip_norm, 0.0);
  CHECK_EQUAL(read.accumulate, 1);
  CHECK_EQUAL(read.least_ratio, read.model.sample_ratio);
  CHECK_EQUAL(read.most_ratio, read.model.sample_ratio);
}

TEST("train_options: every key is read") {
  const TrainOptions read = options(
      R"("optimizer": {"lr": 4e-4, "betas": [0.8, 0.95], "eps": 1e-6, "weightDecay": 0.05, "weightDecayNorm": 0.01, "multiplier": 3.5,
         "layerDecay": 0.7, "clipNorm": 10, "freeze": ["backbone.", "*.norm.*"]}, "accumulate": 4, "checkpointing": true,
         "precision": "bfloat16", "emaDecay": 0.999, "seed": 7, "threads": 2, "device": "cpu", "sampleRatioRange": [0.25, 1])",
      R"("kind": "multistep", "steps": 50, "warmupSteps": 4.5, "warmupFactor": 0.1, "milestones": [20, 30], "gamma": 0.5, "finalFactor": 0.01)");
  CHECK_EQUAL(read.optimizer.beta1, 0.8);
  CHECK_EQUAL(read.optimizer.beta2, 0.95);
  CHECK_EQUAL(read.optimizer.eps, 1e-6);
  CHECK_EQUAL(read.optimizer.weight_decay, 0.05);
  CHECK_EQUAL(read.optimizer.weight_decay_norm, 0.01);
  CHECK_EQUAL(read.optimizer.layer_decay, 0.7);
  CHECK_EQUAL(read.optimizer.freeze.size(), 2u);
  CHECK(read.schedule.kind == ScheduleKind::kMultistep);
  CHECK_EQUAL(read.schedule.warmup_steps, 4.5);
  CHECK_EQUAL(read.schedule.milestones.back(), 30);
  CHECK(read.checkpointing);
  CHECK_EQUAL(read.precision, std::string("bfloat16"));
  CHECK_EQUAL(read.seed, 7u);
  CHECK_EQUAL(read.least_ratio, 0.25);
  CHECK_EQUAL(read.most_ratio, 1.0);
}

TEST("train_options: unknown keys and wrong values are named") {
  const auto code = ErrorCode::kInvalidArgument;
  CHECK_FAILS(options(R"("momentum": 1)"), code, "options.momentum");
  CHECK_FAILS(options(R"("optimizer": {"learningRate": 1})"), code, "options.optimizer.learningRate");
  CHECK_FAILS(options(R"("optimizer": {"lr": "1"})"), code, "options.optimizer.lr");
  CHECK_FAILS(options(R"("optimizer": {"lr": -1})"), code, "options.optimizer.lr");
  CHECK_FAILS(options(R"("optimizer": {"betas": [0.9, 1]})"), code, "options.optimizer.betas");
  CHECK_FAILS(options(R"("optimizer": {"freeze": [""]})"), code, "options.optimizer.freeze");
  CHECK_FAILS(options(R"("optimizer": {"layerDecay": 1.5})"), code, "options.optimizer.layerDecay");
  CHECK_FAILS(options(R"("accumulate": 0)"), code, "options.accumulate");
  CHECK_FAILS(options(R"("accumulate": 1.5)"), code, "options.accumulate");
  CHECK_FAILS(options(R"("precision": "int8")"), code, "options.precision");
  CHECK_FAILS(options(R"("emaDecay": 1)"), code, "options.emaDecay");
  CHECK_FAILS(options(R"("sampleRatioRange": [1, 0.5])"), code, "options.sampleRatioRange");
  CHECK_FAILS(options(R"("sampleRatio": 0)"), code, "options.sampleRatio");
  CHECK_FAILS(options("", R"("steps": 0)"), code, "options.schedule.steps");
  CHECK_FAILS(options("", R"("kind": "cosine")"), code, "options.schedule.steps");
  CHECK_FAILS(options("", R"("steps": 9, "kind": "linear")"), code, "options.schedule.kind");
  CHECK_FAILS(options("", R"("steps": 9, "milestones": [5, 5])"), code, "options.schedule.milestones");
  CHECK_FAILS(TrainOptions::from_json_text("{"), code, "options");
  CHECK_FAILS(TrainOptions::from_json_text("{}"), code, "options.model");
  CHECK_FAILS(TrainOptions::from_json_text("[]"), code, "options");
}

TEST("train_options: a fingerprint leaves out what changes no number, and differences are named") {
  const std::string mine = options(R"("threads": 1, "checkpointing": true)").fingerprint();
  CHECK_EQUAL(first_difference(mine, options(R"("threads": 2)").fingerprint()), std::string());
  CHECK_EQUAL(first_difference(mine, options("", R"("steps": 200)").fingerprint()), std::string("schedule.steps 200, not 100"));
  CHECK_EQUAL(first_difference(mine, options(R"("optimizer": {"lr": 0.5})").fingerprint()).substr(0, 16), std::string("optimizer.lr 0.5"));
  CHECK(first_difference(mine, "no JSON").find("no JSON") != std::string::npos);
  CHECK(!first_difference(mine, "{}").empty());
}
