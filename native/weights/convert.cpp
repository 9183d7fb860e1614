// See convert.h.
#include "weights/convert.h"

#include <unordered_map>
#include <unordered_set>

#include "base/error.h"
#include "base/json.h"
#include "weights/check_weights.h"
#include "weights/checkpoint.h"
#include "weights/float_formats.h"
#include "weights/mae.h"
#include "weights/model_file.h"
#include "weights/position_resize.h"
#include "weights/preset_by_shape.h"
#include "weights/safetensors.h"

namespace mimdet {
namespace {

/// One tensor to be written: its name and shape in the output, and how to get its numbers as float32 or float16.
struct Piece {
  std::string name;
  std::vector<int64_t> shape;
  const StoredTensor* source = nullptr;
  int64_t position_grid = 0;  // resize a position embedding to this grid; 0: take it as it is
};

struct Plan {
  ModelConfig config;
  const char* format = kModelFormat;
  Metadata card;
  std::vector<Piece> pieces;
};

std::vector<TensorSpec> specs_of(const std::vector<StoredTensor>& tensors) {
  std::vector<TensorSpec> specs;
  for (const StoredTensor& tensor : tensors) specs.push_back({tensor.name, tensor.dtype, tensor.shape});
  return specs;
}

ModelConfig with_classes(ModelConfig config, const std::vector<std::string>& classes) {
  if (classes.empty()) return config;
  config.classes = classes;
  return ModelConfig::from_json(config.to_json());  // names that repeat are refused there
}

/// The configuration of the file itself, or the preset that its shapes are those of.
ModelConfig found_config(const Checkpoint& checkpoint, const std::vector<TensorSpec>& found) {
  if (const auto own = config_in(checkpoint.metadata)) return *own;
  if (is_first_version(found)) return preset("base");  // check_tensors has the message
  if (const auto preset = find_preset(found)) return *preset;
  fail_expected(ErrorCode::kWeights, "a model of the size of a preset (base, large, tiny), or its configuration by --config",
                "checkpoint", describe_size(found));
}

ModelConfig choose_config(const Checkpoint& checkpoint, const std::vector<TensorSpec>& found, const ConvertOptions& options) {
  if (options.config) return with_classes(*options.config, options.classes);
  const ModelConfig config = found_config(checkpoint, found);
  if (!options.classes.empty() && options.classes.size() != config.classes.size())
    fail_expected(ErrorCode::kInvalidArgument, std::to_string(config.classes.size()) + " names, one for each class of the model",
                  "classes", std::to_string(options.classes.size()));
  return with_classes(config, options.classes);
}

Plan plan_model(const Checkpoint& checkpoint, const std::vector<TensorSpec>& found, const ConvertOptions& options) {
  Plan plan{choose_config(checkpoint, found, options), kModelFormat, card_of(checkpoint.metadata), {}};
  const auto expected = expected_tensors(plan.config);
  check_tensors(expected, found);
  std::unordered_map<std::string_view, const StoredTensor*> by_name;
  for (const StoredTensor& tensor : checkpoint.tensors) by_name.emplace(tensor.name, &tensor);
  for (const ExpectedTensor& tensor : expected) plan.pieces.push_back({tensor.name, tensor.shape, by_name.at(tensor.name), 0});
  return plan;
}

Plan plan_mae(const Checkpoint& checkpoint, const std::vector<TensorSpec>& found, const ConvertOptions& options) {
  const ModelConfig config = with_classes(options.config ? *options.config : find_mae_preset(found), options.classes);
  Plan plan{config, kInitFormat, card_of(checkpoint.metadata), {}};
  for (MaeTensor& tensor : map_mae(checkpoint.tensors, plan.config, options.mae_encoder_only))
    plan.pieces.push_back(
        {std::move(tensor.name), std::move(tensor.shape), tensor.source, tensor.is_position ? plan.config.stored_grid() : 0});
  return plan;
}

Plan make_plan(const Checkpoint& checkpoint, const ConvertOptions& options) {
  const std::vector<TensorSpec> found = specs_of(checkpoint.tensors);
  return is_mae(found) ? plan_mae(checkpoint, found, options) : plan_model(checkpoint, found, options);
}

/// The piece's numbers, looked at before they are rounded.
NamedTensor make(const Piece& piece, bool half) {
  NamedTensor tensor = read_tensor(*piece.source, DType::kFloat32);
  tensor.name = piece.name;
  check_finite({tensor});
  if (piece.position_grid != 0 && tensor.shape != piece.shape) tensor = resize_positions(tensor, piece.position_grid);
  if (!half) return tensor;
  tensor = read_tensor(stored_tensor(std::move(tensor)), DType::kFloat16);
  if (find_non_finite(tensor))
    fail_expected(ErrorCode::kWeights, "numbers that half precision holds (up to 65504)", piece.name,
                  "larger ones; convert without --half");
  return tensor;
}

void write(const std::string& input, const std::string& output, const Plan& plan, bool half, const CancelFlag& cancel) {
  std::vector<TensorSpec> specs;
  for (const Piece& piece : plan.pieces) specs.push_back({piece.name, half ? DType::kFloat16 : DType::kFloat32, piece.shape});
  SafetensorsWriter writer(output, specs, make_metadata(plan.format, plan.config, plan.card));
  for (const Piece& piece : plan.pieces) {
    throw_if_cancelled(cancel);
    const NamedTensor tensor = in_file(input, [&] { return make(piece, half); });
    writer.append(tensor.data, tensor.bytes);
  }
  writer.commit();
}

ConvertReport report_of(const Plan& plan, const Checkpoint& checkpoint) {
  ConvertReport report{plan.pieces.size(), {}, preset_of(plan.config), plan.format};
  std::unordered_set<const StoredTensor*> used;
  for (const Piece& piece : plan.pieces) used.insert(piece.source);
  for (const StoredTensor& tensor : checkpoint.tensors)
    if (!used.contains(&tensor)) report.dropped.push_back(show_name(tensor.name));
  return report;
}

}  // namespace

ConvertReport convert(const std::string& input, const std::string& output, const ConvertOptions& options,
                      const CancelFlag& cancel) {
  const Checkpoint checkpoint = in_file(input, [&] { return read_checkpoint(map_file(input)); });
  const Plan plan = in_file(input, [&] { return make_plan(checkpoint, options); });
  write(input, output, plan, options.half, cancel);
  return report_of(plan, checkpoint);
}

}  // namespace mimdet
