// A whole training step from the pictures: features, losses for both kinds of masks, gradients, running statistics, the update.
#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>

#include <cmath>

#include "compare.h"
#include "train/adamw.h"
#include "train/heads.h"
#include "train_parity.h"

namespace mimdet::parity {
namespace {

constexpr double kLossTolerance = 1e-5, kGradientTolerance = 1e-4, kTinyGradient = 1e-6;
constexpr double kUpdateTolerance = 1e-6;       // of a stored gradient
constexpr double kSignificantGradient = 1e-4;   // of a parameter's largest: below it AdamW's first step is ±lr all the same

bool starts_with(const std::string& text, const char* prefix) { return text.rfind(prefix, 0) == 0; }

void compare_losses(const Losses& losses, const StoredTensors& stored, const std::string& kind, const std::string& row, Report& report) {
  const std::vector<at::Tensor> ours = loss_list(losses);
  for (size_t i = 0; i < ours.size(); ++i)
    report.add(row + kLossNames[i], relative_error(ours[i].detach(), stored.at("loss." + kind + "." + kLossNames[i])), kLossTolerance);
}

void compare_features(const BackboneFeatures& backbone, const Pyramid& pyramid, const RpnOutput& rpn, const StoredTensors& stored, Report& report) {
  const auto close = [&](const std::string& name, const at::Tensor& ours) {
    report.add("train/from picture/" + name, relative_error(ours.detach(), stored.at(name)), kChainTolerance);
  };
  close("feature.c2", backbone.c2);
  close("feature.c3", backbone.c3);
  close("feature.c4", backbone.c4);
  close("feature.c5", backbone.c5);
  for (size_t i = 0; i < pyramid.size(); ++i) close("feature.p" + std::to_string(i + 2), pyramid[i]);
  close("rpn.logits", flat_logits(rpn));
  close("rpn.deltas", flat_deltas(rpn));
}

/// From the pictures with our own proposals: forward alone.
void compare_own_chain(const TrainFolder& folder, const StoredTensors& stored, Report& report) {
  const at::NoGradGuard no_gradients;
  const Parameters parameters = folder.parameters();
  const MaskRcnnLosses step(folder.config, parameters);
  const RecordedStep recorded = {stored, ""};
  GivenDraws draws = recorded.draws();
  const BackboneFeatures backbone = step.backbone()(folder.images, draws, folder.config.sample_ratio);
  const Pyramid pyramid = train::pyramid(parameters, backbone);
  compare_features(backbone, pyramid, train::rpn_head(parameters, folder.config.rpn, pyramid), stored, report);
  const auto proposals =
      own_proposals(folder, parameters, pyramid, recorded, "train/from picture/proposals", kChainScoreTolerance, &report);
  const auto losses = [&](const std::vector<Targets>& targets) {
    return step.from_pyramid(pyramid, folder.images.sizes, targets, draws, nullptr, &proposals).losses;
  };
  compare_losses(losses(folder.polygons), stored, "polygons", "train/from picture/loss.polygons.", report);
  compare_losses(losses(folder.bitmaps), stored, "bitmaps", "train/from picture/loss.bitmaps.", report);
}

/// Norm of all stored gradients together: what a single one is small against.
double total_gradient(const StoredTensors& stored) {
  double sum = 0;
  for (const auto& [name, tensor] : stored)
    if (starts_with(name, "grad.")) sum += std::pow(norm(tensor), 2);
  return std::sqrt(sum);
}

void compare_gradient(const std::string& name, const at::Tensor& ours, const at::Tensor& theirs, double total, Report& report) {
  if (!ours.defined()) return report.add_failure(layer_row("train/grad", name), "no gradient for " + name);
  if (norm(theirs) < kTinyGradient * total)
    report.add(layer_row("train/grad", name) + " (tiny, of all)", norm(ours - theirs) / total, kTinyGradient);
  else report.add(layer_row("train/grad", name), relative_error(ours, theirs), kGradientTolerance);
}

void compare_gradients(const Parameters& parameters, const StoredTensors& stored, Report& report) {
  const double total = total_gradient(stored);
  for (const TrainingTensor& tensor : parameters.trainable()) {
    const auto theirs = stored.find("grad." + tensor.name);
    if (theirs != stored.end()) compare_gradient(tensor.name, tensor.value.grad(), theirs->second, total, report);
    else report.add_failure("train/grad", "no stored gradient for " + tensor.name);
  }
}

void compare_statistics(const Parameters& parameters, const StoredTensors& stored, Report& report) {
  for (const TrainingTensor& tensor : parameters.tensors())
    if (tensor.role == TensorRole::kStatistic)
      report.add(layer_row("train/running", tensor.name), relative_error(tensor.value, stored.at("running." + tensor.name)), kChainTolerance);
}

/// Gradients of the pyramid in a step that begins there, with stored features.
void compare_feature_gradients(const TrainFolder& folder, const StoredTensors& stored, Report& report) {
  const Parameters parameters = folder.parameters();
  const MaskRcnnLosses step(folder.config, parameters);
  const RecordedStep recorded = {stored, ""};
  Pyramid pyramid;
  for (size_t i = 0; i < pyramid.size(); ++i)
    pyramid[i] = stored.at("feature.p" + std::to_string(i + 2)).clone().set_requires_grad(true);
  GivenDraws draws = recorded.draws();
  const auto proposals = recorded.proposals(folder.pictures());
  step.from_pyramid(pyramid, folder.images.sizes, folder.polygons, draws, nullptr, &proposals).losses.total().backward();
  pyramid[3].mutable_grad().slice(2, 0, {}, 2).slice(3, 0, {}, 2) += pyramid[4].grad();  // p6 is every second place of p5
  for (size_t i = 0; i < pyramid.size(); ++i) {
    const std::string name = "feature_grad.p" + std::to_string(i + 2);
    report.add("train/" + name, relative_error(pyramid[i].grad(), stored.at(name)), kGradientTolerance);
  }
}

void compare_after(const Parameters& parameters, const StoredTensors& stored, const std::string& row, double tolerance, Report& report) {
  const double total = total_gradient(stored);
  for (const TrainingTensor& tensor : parameters.trainable()) {
    const at::Tensor& gradient = stored.at("grad." + tensor.name);
    if (norm(gradient) < kTinyGradient * total) continue;
    const at::Tensor size = gradient.abs(), counts = size.gt(size.max() * kSignificantGradient);
    const auto chosen = [&](const at::Tensor& x) { return x.detach().masked_select(counts); };
    report.add(layer_row(row, tensor.name), relative_error(chosen(tensor.value), chosen(stored.at("after." + tensor.name))), tolerance);
  }
}

void compare_update_of_stored_gradients(const TrainFolder& folder, const StoredTensors& stored, Report& report) {
  const Parameters parameters = folder.parameters();
  for (const TrainingTensor& tensor : parameters.trainable()) tensor.value.mutable_grad() = stored.at("grad." + tensor.name).clone();
  AdamW(parameters, recorded_optimizer(folder), folder.config.encoder.depth).step(1);
  compare_after(parameters, stored, "train/after, stored gradients", kUpdateTolerance, report);
}

void compare_own_update(const TrainFolder& folder, const StoredTensors& stored, Report& report) {
  const Parameters parameters = folder.parameters();
  const MaskRcnnLosses step(folder.config, parameters);
  const RecordedStep recorded = {stored, ""};
  GivenDraws draws = recorded.draws();
  const auto proposals = recorded.proposals(folder.pictures());
  step(folder.images, folder.polygons, draws, folder.config.sample_ratio, nullptr, &proposals).losses.total().backward();
  compare_gradients(parameters, stored, report);
  compare_statistics(parameters, stored, report);
  AdamW(parameters, recorded_optimizer(folder), folder.config.encoder.depth).step(1);
  compare_after(parameters, stored, "train/after", kGradientTolerance, report);
}

}  // namespace

void compare_step_losses(const TrainFolder& folder, const StoredTensors& stored, Report& report) {
  compare_own_chain(folder, stored, report);
  compare_feature_gradients(folder, stored, report);
}

void compare_update(const TrainFolder& folder, const StoredTensors& stored, Report& report) {
  compare_update_of_stored_gradients(folder, stored, report);
  compare_own_update(folder, stored, report);
}

}  // namespace mimdet::parity
