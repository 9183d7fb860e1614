// The map of training: batches -> losses -> backward -> clip -> update -> average -> report; and what a run keeps on disk.
// Before it: addon/trainer_wrap, through training_session. After it: mask_rcnn_losses (the step), adamw, training_checkpoint.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/cancel.h"
#include "data/batch.h"
#include "train/adamw.h"
#include "train/loss_scale.h"
#include "train/parameters.h"
#include "train/train_options.h"
#include "train/training_state.h"
#include "train/weight_average.h"
#include "weights/named_tensor.h"

namespace mimdet {

class MaskRcnnLosses;

struct StepReport {
  int64_t step = 0;  // counted from 1
  double lr = 0;     // of a group with factor 1
  struct {
    double rpn_cls = 0, rpn_loc = 0, cls = 0, box_reg = 0, mask = 0;
    double total() const { return rpn_cls + rpn_loc + cls + box_reg + mask; }
  } losses;               // means over the accumulated batches
  double grad_norm = 0;   // before clipping
  int64_t objects = 0, foreground = 0;
  struct {
    double prepare = 0, backbone = 0, rpn = 0, roi = 0, backward = 0, update = 0, total = 0;
  } ms;
};

enum class WeightsOf { kLastStep, kAverage };

/// Lives on the compute thread. All randomness of a step is a function of the options' seed and the step's number.
class Trainer {
 public:
  /// `init`: a weights file, whole or a part of a model, or "" for fresh weights. Errors of load_initial_weights, and Error(kDevice),
  /// Error(kInvalidArgument) for options that do not fit the machine or the model.
  Trainer(TrainOptions options, const std::string& init);
  ~Trainer();

  int64_t steps_done() const { return steps_done_; }
  /// JSON: { parameters, trainable: counts of numbers; frozen: names; notes }
  const std::string& summary() const { return summary_; }

  /// One step on `options.accumulate` batches. Error(kDiverged) naming step and loss where something is not finite; Cancelled soon after
  /// `cancel` is raised. After any error the run stands where it stood before the step.
  StepReport step(const std::vector<TrainingBatchPtr>& batches, const CancelFlag& cancel = nullptr);

  /// Of the average where there is one and it is asked for. See saved_weights.
  void save_weights(const std::string& path, WeightsOf which, bool half, const Metadata& card) const;
  /// See training_checkpoint. `state`: at most a megabyte of text for load_checkpoint to give back.
  void save_checkpoint(const std::string& path, const std::string& state);
  /// The run goes on from there. Error(kWeights) where the checkpoint belongs to other options, naming the first difference; nothing is
  /// changed then.
  std::string load_checkpoint(const std::string& path);

 private:
  void check_batches(const std::vector<TrainingBatchPtr>& batches) const;
  bool try_step(const std::vector<TrainingBatchPtr>& batches, const CancelFlag& cancel, StepReport& report);
  void run_part(const TrainingBatch& pictures, int64_t part, const CancelFlag& cancel, StepReport& report);
  double norm_of_gradients() const;
  void update(double grad_norm);
  void make_backward_stoppable();
  double sample_ratio() const;
  TrainingState state();

  TrainOptions options_;
  at::Device device_;
  at::ScalarType precision_;
  LossScale loss_scale_;
  std::unique_ptr<Parameters> parameters_;
  std::unique_ptr<MaskRcnnLosses> losses_;
  std::unique_ptr<AdamW> optimizer_;
  std::unique_ptr<WeightAverage> average_;
  std::string summary_;
  std::shared_ptr<CancelFlag> cancel_;  // of the step under way
  int64_t steps_done_ = 0;
};

}  // namespace mimdet
