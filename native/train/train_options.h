// How a model is trained: everything that a run may choose, and its strict JSON form. Data and augmentation are chosen elsewhere (native/data).
// Before it: lib/train (defaults for people, epochs to steps). After it: trainer.
//
// { "model": {…},                      the configuration of the model, see model/config.h
//   "optimizer": { "lr", "betas": [b1, b2], "eps", "weightDecay", "weightDecayNorm", "multiplier", "layerDecay", "clipNorm", "freeze": […] },
//   "schedule": { "kind": "multistep" | "cosine" | "constant", "steps", "warmupSteps", "warmupFactor", "milestones": […], "gamma", "finalFactor" },
//   "accumulate", "checkpointing", "precision": "float32" | "bfloat16" | "float16", "emaDecay", "seed", "threads", "device",
//   "sampleRatio" or "sampleRatioRange": [least, most] }
// Only `model` and `schedule.steps` must be there.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "model/config.h"

namespace mimdet {

struct OptimizerOptions {
  double lr = 8e-5;  // of a group with factor 1
  double beta1 = 0.9, beta2 = 0.999, eps = 1e-8;
  double weight_decay = 0.1;
  double weight_decay_norm = 0;     // of the weights of norms
  double multiplier = 2;            // the reference's m, see param_groups
  double layer_decay = 0;           // 0 or 1: off
  double clip_norm = 0;             // 0: off
  std::vector<std::string> freeze;  // beginnings of names, or whole names with * and ?
};

enum class ScheduleKind { kConstant, kMultistep, kCosine };

struct ScheduleOptions {
  ScheduleKind kind = ScheduleKind::kCosine;
  int64_t steps = 0;          // of the whole run
  double warmup_steps = 0;    // need not be whole: the reference's are 468.75
  double warmup_factor = 0;   // of the first step
  std::vector<int64_t> milestones;
  double gamma = 0.1;         // at each milestone
  double final_factor = 0;    // of the cosine, at the end
};

struct TrainOptions {
  ModelConfig model;
  OptimizerOptions optimizer;
  ScheduleOptions schedule;
  int64_t accumulate = 1;      // batches a step
  bool checkpointing = false;  // activations are computed again in backward instead of kept
  std::string precision = "float32";
  double ema_decay = 0;  // 0: off
  uint64_t seed = 0;
  int threads = 0;  // 0: LibTorch's own choice
  std::string device = "cpu";
  double least_ratio = 1, most_ratio = 1;  // of the patches that the encoder sees, drawn for each step; the model's sampleRatio by default

  /// Error(kInvalidArgument) naming the key for anything that cannot be.
  static TrainOptions from_json_text(std::string_view text);
  /// Everything that the result of a run depends on, as JSON: without threads, device and checkpointing of activations. Two runs with
  /// the same one may continue each other's checkpoints.
  std::string fingerprint() const;
};

/// "optimizer.lr 0.0002, not 0.0001": where two fingerprints first differ; "" where they are equal.
std::string first_difference(std::string_view ours, std::string_view theirs);

}  // namespace mimdet
