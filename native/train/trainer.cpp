// See trainer.h.
#include "train/trainer.h"

#include <c10/core/GradMode.h>
#include <c10/core/InferenceMode.h>

#include <cmath>

#include "base/error.h"
#include "base/heap.h"
#include "base/json.h"
#include "base/stopwatch.h"
#include "data/random.h"
#include "inference/device.h"
#include "inference/engine.h"
#include "model/label_sampler.h"
#include "train/batch.h"
#include "train/gradient_norm.h"
#include "train/initial_weights.h"
#include "train/lr_schedule.h"
#include "train/mask_rcnn_losses.h"
#include "train/saved_weights.h"
#include "train/step_memory.h"
#include "train/step_rollback.h"
#include "train/training_checkpoint.h"

namespace mimdet {
namespace {

constexpr size_t kLongestState = size_t{1} << 20;  // bytes; the header of a safetensors file has its bounds

/// The compute thread is in inference mode, whose tensors can take no part in a backward pass.
struct TrainingMode {
  c10::InferenceMode inference{false};
  c10::AutoGradMode gradients{true};
};

InitialWeights initial_weights(const TrainOptions& options, const std::string& init) {
  return init.empty() ? fresh_weights(options.model, options.seed) : load_initial_weights(init, options.model, options.seed);
}

std::string summarise(const Parameters& parameters, const std::vector<std::string>& notes) {
  int64_t all = 0, trainable = 0;
  Json::Array frozen;
  for (const TrainingTensor& tensor : parameters.tensors()) {
    if (tensor.role == TensorRole::kStatistic) continue;
    all += tensor.value.numel();
    if (tensor.role == TensorRole::kParameter) trainable += tensor.value.numel();
    else frozen.push_back(tensor.name);
  }
  return Json(Json::Object{{"parameters", all}, {"trainable", trainable}, {"frozen", frozen}, {"notes", Json::Array(notes.begin(), notes.end())}})
      .dump();
}

std::string show(const StepReport& report) {
  std::string text;
  const auto add = [&](const char* name, double value) { text += (text.empty() ? "" : ", ") + (name + (" " + std::to_string(value))); };
  add("rpnCls", report.losses.rpn_cls), add("rpnLoc", report.losses.rpn_loc), add("cls", report.losses.cls);
  add("boxReg", report.losses.box_reg), add("mask", report.losses.mask);
  return text;
}

[[noreturn]] void diverged(const StepReport& report, const std::string& what, const std::string& received) {
  fail_expected(ErrorCode::kDiverged, what, "step " + std::to_string(report.step), received);
}

/// Adds the losses of one of `parts` batches to the report's means.
void add_losses(const Losses& losses, double parts, StepReport& report) {
  report.losses.rpn_cls += losses.rpn_cls.item<double>() / parts;
  report.losses.rpn_loc += losses.rpn_loc.item<double>() / parts;
  report.losses.cls += losses.cls.item<double>() / parts;
  report.losses.box_reg += losses.box_reg.item<double>() / parts;
  report.losses.mask += losses.mask.item<double>() / parts;
}

/// Runs `forward`; where it says that the run has diverged, the message gets the step.
template <class Forward>
StepLosses naming_the_step(const StepReport& report, Forward forward) {
  try {
    return forward();
  } catch (const Error& error) {
    if (error.code() != ErrorCode::kDiverged) throw;
    throw Error(error.code(), std::string(error.what()) + " (in step " + std::to_string(report.step) + ")");
  }
}

}  // namespace

Trainer::Trainer(TrainOptions options, const std::string& init)
    : options_(std::move(options)),
      device_(resolve_device(options_.device)),
      precision_(resolve_precision(options_.precision, device_)),
      loss_scale_(precision_ == at::kHalf),
      cancel_(std::make_shared<CancelFlag>()) {
  const TrainingMode training;
  Engine::use_threads(options_.threads);
  const std::vector<ExpectedTensor> expected = expected_tensors(options_.model);
  const auto frozen = frozen_names(expected, options_.optimizer);
  std::vector<std::string> notes;
  {
    InitialWeights weights = initial_weights(options_, init);
    parameters_ = std::make_unique<Parameters>(options_.model, weights.tensors, device_);
    notes = std::move(weights.notes);
  }
  for (const ExpectedTensor& tensor : expected)
    if (frozen.contains(tensor.name)) parameters_->freeze(tensor.name);
  losses_ = std::make_unique<MaskRcnnLosses>(options_.model, *parameters_, options_.checkpointing, precision_);
  optimizer_ = std::make_unique<AdamW>(*parameters_, options_.optimizer, options_.model.encoder.depth);
  if (options_.ema_decay > 0) average_ = std::make_unique<WeightAverage>(*parameters_, options_.ema_decay);
  summary_ = summarise(*parameters_, notes);
  make_backward_stoppable();
  give_back_free_memory();
}

Trainer::~Trainer() = default;

StepReport Trainer::step(const std::vector<TrainingBatchPtr>& batches, const CancelFlag& cancel) {
  const TrainingMode training;
  Engine::use_threads(options_.threads);
  check_batches(batches);
  Stopwatch watch;
  StepReport report;
  while (!try_step(batches, cancel, report)) {}
  ++steps_done_;
  report.ms.total = watch.lap_ms();
  return report;
}

/// False: the gradients were too large for the loss's scale, which is smaller now; everything stands where it stood.
bool Trainer::try_step(const std::vector<TrainingBatchPtr>& batches, const CancelFlag& cancel, StepReport& report) {
  report = StepReport();
  report.step = steps_done_ + 1;
  report.lr = options_.optimizer.lr * lr_factor(options_.schedule, steps_done_);
  StepRollback rollback(*parameters_);
  for (size_t part = 0; part < batches.size(); ++part) run_part(*batches[part], static_cast<int64_t>(part), cancel, report);
  Stopwatch watch;
  report.grad_norm = norm_of_gradients() / loss_scale_.value();
  if (!std::isfinite(report.grad_norm)) {
    if (loss_scale_.shrink()) return false;
    diverged(report, "a finite gradient", "one that is not, at the losses " + show(report));
  }
  update(report.grad_norm);
  report.ms.update = watch.lap_ms();
  rollback.keep();
  return true;
}

/// Forward and backward of one batch; gradients add up.
void Trainer::run_part(const TrainingBatch& pictures, int64_t part, const CancelFlag& cancel, StepReport& report) {
  const double parts = static_cast<double>(options_.accumulate);
  Stopwatch watch;
  check_step_memory(options_.model, pictures, sample_ratio(), options_.checkpointing, device_);
  const StepInput input = make_batch(pictures, options_.model, device_);
  report.ms.prepare += watch.lap_ms();
  RandomDraws draws(options_.seed, steps_done_, part);
  const StepLosses found = naming_the_step(report, [&] { return (*losses_)(input.images, input.targets, draws, sample_ratio(), cancel); });
  report.ms.backbone += found.forward_ms.backbone, report.ms.rpn += found.forward_ms.rpn, report.ms.roi += found.forward_ms.roi;
  report.objects += found.objects, report.foreground += found.foreground;
  add_losses(found.losses, parts, report);
  if (!std::isfinite(report.losses.total())) diverged(report, "finite losses", show(report));
  throw_if_cancelled(cancel);
  watch.lap_ms();
  *cancel_ = cancel;
  (found.losses.total() / (parts / loss_scale_.value())).backward();
  cancel_->reset();
  report.ms.backward += watch.lap_ms();
}

double Trainer::norm_of_gradients() const {
  std::vector<at::Tensor> gradients;
  for (const OptimizerEntry& entry : optimizer_->entries()) gradients.push_back(entry.value.grad());
  return gradient_norm(gradients);
}

void Trainer::update(double grad_norm) {
  const double clip = clip_scale(grad_norm, options_.optimizer.clip_norm);
  optimizer_->step(lr_factor(options_.schedule, steps_done_), clip / loss_scale_.value());
  if (average_) average_->update();
  loss_scale_.step_went_well();
}

/// Looks at the step's flag wherever a parameter's gradient is ready: the backward pass is the longest part of a step.
void Trainer::make_backward_stoppable() {
  for (const OptimizerEntry& entry : optimizer_->entries())
    entry.value.register_hook([cancel = cancel_](const at::Tensor&) { throw_if_cancelled(*cancel); });
}

void Trainer::check_batches(const std::vector<TrainingBatchPtr>& batches) const {
  if (std::ssize(batches) != options_.accumulate)
    fail_expected(ErrorCode::kInvalidArgument, std::to_string(options_.accumulate) + " batches, as `accumulate` says", "batches",
                  std::to_string(batches.size()));
}

double Trainer::sample_ratio() const {
  Random random(options_.seed, static_cast<uint64_t>(steps_done_), Purpose::kSampleRatio);
  return random.uniform(options_.least_ratio, options_.most_ratio);
}

TrainingState Trainer::state() { return {*parameters_, *optimizer_, average_.get()}; }

void Trainer::save_weights(const std::string& path, WeightsOf which, bool half, const Metadata& card) const {
  StateDict tensors = parameters_->state();
  if (which == WeightsOf::kAverage && average_)
    for (const auto& [name, tensor] : average_->tensors()) tensors[name] = tensor;
  mimdet::save_weights(path, options_.model, tensors, half, card);
}

void Trainer::save_checkpoint(const std::string& path, const std::string& text) {
  if (text.size() > kLongestState)
    fail_expected(ErrorCode::kInvalidArgument, "at most " + std::to_string(kLongestState) + " bytes", "state", std::to_string(text.size()));
  write_training_checkpoint(path, {options_.fingerprint(), steps_done_, average_ ? average_->updates() : 0, loss_scale_.state(), text,
                                   stored_tensors(state())});
}

std::string Trainer::load_checkpoint(const std::string& path) {
  const TrainingMode training;
  const TrainingCheckpoint checkpoint = read_training_checkpoint(path);
  const std::string difference = first_difference(options_.fingerprint(), checkpoint.options);
  if (!difference.empty()) fail_expected(ErrorCode::kWeights, "a checkpoint of a run with these options", path, "one with " + difference);
  restore_tensors(state(), checkpoint.tensors, checkpoint.step);
  steps_done_ = checkpoint.step;
  if (average_) average_->set_updates(checkpoint.average_updates);
  loss_scale_.restore(checkpoint.loss_scale);
  give_back_free_memory();
  return checkpoint.state;
}

}  // namespace mimdet
