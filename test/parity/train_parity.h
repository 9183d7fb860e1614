// A folder with a recorded training step (golden/micro/train and its like): what its comparisons share.
#pragma once

#include "given_draws.h"
#include "model/proposals.h"
#include "report.h"
#include "stored.h"
#include "train/mask_rcnn_losses.h"
#include "train/parameters.h"
#include "train/pyramid.h"
#include "train/train_options.h"

namespace mimdet::parity {

using StoredTensors = std::unordered_map<std::string, at::Tensor>;

struct TrainFolder {
  Folder folder;
  ModelConfig config;
  Json record;  // train.json
  StateDict weights;
  ImageBatch images;
  std::vector<Targets> polygons, bitmaps;  // the same objects with either kind of mask

  explicit TrainFolder(const Folder& source);
  int64_t pictures() const { return static_cast<int64_t>(images.sizes.size()); }
  Parameters parameters() const { return Parameters(config, weights); }
};

/// One recorded step: what was drawn, and the proposals.
struct RecordedStep {
  const StoredTensors& tensors;
  std::string prefix;

  const at::Tensor& operator[](const std::string& name) const;
  GivenDraws draws() const { return {tensors, prefix}; }
  std::vector<at::Tensor> proposals(int64_t pictures) const;
};

/// "grad/" and the layer that the parameter belongs to: a row of the report.
std::string layer_row(const std::string& group, const std::string& parameter);

/// Frobenius, in float64.
double norm(const at::Tensor& x);
/// The optimizer's numbers in train.json.
OptimizerOptions recorded_optimizer(const TrainFolder& folder);

inline constexpr const char* kLossNames[] = {"loss_rpn_cls", "loss_rpn_loc", "loss_cls", "loss_box_reg", "loss_mask"};
/// In the order of kLossNames.
std::vector<at::Tensor> loss_list(const Losses& losses);

/// The pyramid of the pictures, with gradients; moves the running statistics.
Pyramid forward_pyramid(const TrainFolder& folder, const MaskRcnnLosses& step, const Parameters& parameters, const RecordedStep& recorded);
/// Our own proposals of each picture, in the recorded order where they are the same; compared if `report`.
std::vector<at::Tensor> own_proposals(const TrainFolder& folder, const Parameters& parameters, const Pyramid& pyramid, const RecordedStep& recorded,
                                      const std::string& row, double value_tolerance, Report* report);

/// The parts of a comparison; each adds its rows.
void compare_step_stations(const TrainFolder& folder, const StoredTensors& stored, Report& report);
void compare_step_losses(const TrainFolder& folder, const StoredTensors& stored, Report& report);
void compare_update(const TrainFolder& folder, const StoredTensors& stored, Report& report);
void compare_ten_steps(const TrainFolder& folder, Report& report);
void compare_roi_gradients(const Folder& folder, Report& report);

/// Everything in a folder that has step.safetensors.
/// `ten_steps` hang on the processor's rounding: some pre-activations lie nearer to zero than float32 tells, and each that falls on the other
/// side moves the losses behind it by up to 1e-3. The rows of one step do not.
void compare_train(const Folder& folder, bool ten_steps, Report& report);

}  // namespace mimdet::parity
