// Ten steps on the same two pictures: the losses of each, and where the parameters and statistics end.
#include <ATen/TensorOperators.h>
#include <ATen/ops/cat.h>

#include <cmath>

#include "compare.h"
#include "train/adamw.h"
#include "train_parity.h"

namespace mimdet::parity {
namespace {

constexpr double kLogitTolerance = 1e-3;  // of own proposals after some steps; which ones they are is what counts

struct Tolerances {
  std::vector<double> loss;
  double tensor, all, statistics;
  int64_t own_proposals;  // so many steps find the recorded ones
};

Tolerances read_tolerances(const Json& steps) {
  const Json& recorded = steps.at("tolerance").at("with_recorded_proposals");
  Tolerances read = {{},
                     recorded.at("after_relative_frobenius_per_tensor").number(),
                     recorded.at("after_relative_frobenius_all").number(),
                     recorded.at("running_statistics_relative_frobenius").number(),
                     steps.at("tolerance").at("with_own_proposals").at("steps_that_agree_in_every_variant").integer()};
  for (const Json& tolerance : recorded.at("loss_relative_per_step").array()) read.loss.push_back(tolerance.number());
  return read;
}

/// One step with the recorded proposals; its losses and, where `own` says so, our own proposals are compared.
void run_step(const TrainFolder& folder, const MaskRcnnLosses& step, const Parameters& parameters, const RecordedStep& recorded, bool own,
              double tolerance, const Json& losses, const std::string& row, Report& report) {
  const Pyramid pyramid = forward_pyramid(folder, step, parameters, recorded);
  if (own) own_proposals(folder, parameters, pyramid, recorded, row + "/own proposals", kLogitTolerance, &report);
  GivenDraws draws = recorded.draws();
  const auto proposals = recorded.proposals(folder.pictures());
  const Losses ours = step.from_pyramid(pyramid, folder.images.sizes, folder.polygons, draws, nullptr, &proposals).losses;
  const std::vector<at::Tensor> list = loss_list(ours);
  for (size_t k = 0; k < list.size(); ++k) {
    const double theirs = losses.at(kLossNames[k]).number();
    report.add(row + "/losses", std::abs(list[k].item<double>() - theirs) / std::abs(theirs), tolerance);
  }
  parameters.clear_gradients();
  ours.total().backward();
}

/// What is zero in exact arithmetic moves by rounding alone, up to AdamW's largest step each time.
bool is_noise(const std::string& name) {
  return name.ends_with("decoder_norm.bias") || name == "backbone.fpn_lateral4.norm.running_mean" || name == "backbone.fpn_lateral5.norm.running_mean";
}

/// Where one tensor ended, against the recorded end; what is not noise is summed up.
struct End {
  const TrainFolder& folder;
  const Tolerances& tolerance;
  Report& report;
  double difference = 0, size = 0;  // squares over all parameters

  void compare(const TrainingTensor& tensor, at::Tensor ours, at::Tensor theirs) {
    if (is_noise(tensor.name)) return noise(tensor, ours, theirs);
    if (tensor.name.ends_with("attn.qkv.bias")) {
      const int64_t dim = ours.size(0) / 3;
      noise(tensor, ours.slice(0, dim, 2 * dim), theirs.slice(0, dim, 2 * dim));  // the keys' part
      ours = at::cat({ours.slice(0, 0, dim), ours.slice(0, 2 * dim)});
      theirs = at::cat({theirs.slice(0, 0, dim), theirs.slice(0, 2 * dim)});
    }
    if (tensor.role == TensorRole::kStatistic)
      return report.add(layer_row("train/ten steps/running", tensor.name), relative_error(ours, theirs), tolerance.statistics);
    report.add(layer_row("train/ten steps/after", tensor.name), relative_error(ours, theirs), tolerance.tensor);
    difference += std::pow(norm(ours - theirs), 2);
    size += std::pow(norm(theirs), 2);
  }

 private:
  void noise(const TrainingTensor& tensor, const at::Tensor& ours, const at::Tensor& theirs) {
    const OptimizerOptions options = recorded_optimizer(folder);
    const double lr = options.lr * param_group(tensor.name, tensor.value.sizes().vec(), options, folder.config.encoder.depth).lr_factor;
    report.add("train/ten steps/after, zero in exact arithmetic (in steps)", (ours - theirs).abs().max().item<double>() / lr, 10);
  }
};

void compare_end(const TrainFolder& folder, const Parameters& parameters, const StoredTensors& stored, const Tolerances& tolerance, Report& report) {
  End end = {folder, tolerance, report};
  for (const TrainingTensor& tensor : parameters.tensors()) {
    if (tensor.role == TensorRole::kFrozen) continue;
    const auto theirs = stored.find("after." + tensor.name);
    if (theirs != stored.end()) end.compare(tensor, tensor.value.detach(), theirs->second);
    else report.add_failure("train/ten steps/after", "no stored end of " + tensor.name);
  }
  report.add("train/ten steps/after, all together", std::sqrt(end.difference / end.size), tolerance.all);
}

}  // namespace

void compare_ten_steps(const TrainFolder& folder, Report& report) {
  const StoredTensors stored = read_tensors(folder.folder.folder + "/steps.safetensors");
  const Json record = folder.folder.json("steps.json");
  const Tolerances tolerance = read_tolerances(record);
  const Parameters parameters = folder.parameters();
  const MaskRcnnLosses step(folder.config, parameters);
  AdamW optimizer(parameters, recorded_optimizer(folder), folder.config.encoder.depth);
  for (int64_t i = 0; i < record.at("steps").integer(); ++i) {
    const RecordedStep recorded = {stored, std::to_string(i) + "."};
    run_step(folder, step, parameters, recorded, i < tolerance.own_proposals, tolerance.loss.at(i), record.at("losses").array().at(i),
             "train/step " + std::to_string(i), report);
    optimizer.step(1);
  }
  compare_end(folder, parameters, stored, tolerance, report);
}

}  // namespace mimdet::parity
