// MAE's checkpoints, presets by shape, class names, half precision.
#include "weights/convert.h"

#include <cmath>
#include <set>

#include "base/json.h"
#include "check.h"
#include "weights/float_formats.h"
#include "weights/inspect.h"
#include "weights/load_weights.h"
#include "weights/preset_by_shape.h"
#include "weights/safetensors.h"
#include "weights/weight_names.h"
#include "weights/weights_testing.h"

namespace mimdet::test {
namespace {

ConvertOptions options_of(const std::string& folder) {
  ConvertOptions options;
  options.config = ModelConfig::from_json_text(read_file(folder + "/config.json"));
  return options;
}

double largest_difference(const NamedTensor& a, const NamedTensor& b) {
  std::vector<float> x(a.bytes / dtype_size(a.dtype)), y(b.bytes / dtype_size(b.dtype));
  if (x.size() != y.size() || a.shape != b.shape) return INFINITY;
  widen_to_float(a.data, a.dtype, x.size(), x.data());
  widen_to_float(b.data, b.dtype, y.size(), y.data());
  double largest = 0;
  for (size_t i = 0; i < x.size(); ++i) largest = std::max<double>(largest, std::abs(double(x[i]) - double(y[i])));
  return largest;
}

std::set<std::string> strings(const Json& list) {
  std::set<std::string> texts;
  for (const Json& item : list.array()) texts.insert(item.string());
  return texts;
}

TEST("convert: a full MAE checkpoint gives the tensors that the reference takes from it") {
  const std::string folder = golden("micro");
  if (folder.empty()) return report_skip("no reference data micro");
  const TemporaryFolder temporary;
  const std::string output = temporary.path("init.safetensors");
  const ConvertReport report = convert(folder + "/mae_full.pth", output, options_of(folder));
  const Safetensors actual = read_safetensors(output), expected = read_safetensors(folder + "/mae_expected.safetensors");
  CHECK_EQUAL(actual.tensors.size(), expected.tensors.size());
  for (const NamedTensor& tensor : expected.tensors) {
    const NamedTensor* found = find_tensor(actual.tensors, tensor.name);
    const double tolerance = tensor.name.ends_with("pos_embed") ? 1e-6 : 0;
    if (!found || largest_difference(*found, tensor) > tolerance) report_failure(__FILE__, __LINE__, tensor.name);
  }
  CHECK_EQUAL(report.format, "mimdet-init");
  CHECK_EQUAL(*find_metadata(actual.metadata, "format"), "mimdet-init");
  const Json lists = Json::parse(read_file(folder + "/mae_expected.json")).at("mae_full.pth");
  CHECK(std::set<std::string>(report.dropped.begin(), report.dropped.end()) == strings(lists.at("not_used_of_the_checkpoint")));
  CHECK_FAILS(load_weights(output), ErrorCode::kWeights,
              "lacks 114 of 182 tensors: backbone.bottom_up.encoder.patch_embed.proj.0.0.weight");
}

TEST("convert: MAE's encoder alone is refused with the reason, and taken when asked for by name") {
  const std::string folder = golden("micro");
  if (folder.empty()) return report_skip("no reference data micro");
  const TemporaryFolder temporary;
  const std::string output = temporary.path("init.safetensors");
  ConvertOptions options = options_of(folder);
  CHECK_FAILS(convert(folder + "/mae_encoder_only.pth", output, options), ErrorCode::kWeights, "NaN");
  options.mae_encoder_only = true;
  convert(folder + "/mae_encoder_only.pth", output, options);
  std::set<std::string> names;
  for (const NamedTensor& tensor : read_safetensors(output).tensors) names.insert(tensor.name);
  const Json lists = Json::parse(read_file(folder + "/mae_expected.json")).at("mae_encoder_only.pth");
  CHECK(names == strings(lists.at("from_checkpoint")));
}

TEST("convert: a MAE checkpoint of no preset's width asks for a configuration") {
  const std::string folder = golden("micro");
  if (folder.empty()) return report_skip("no reference data micro");
  CHECK_FAILS(convert(folder + "/mae_full.pth", "/dev/null/x", {}), ErrorCode::kWeights, "width 48 and depth 3");
}

TEST("convert: our own file keeps its card and configuration; --half and --classes change what they say") {
  const std::string folder = golden("nuclei");
  if (folder.empty()) return report_skip("no reference data nuclei");
  const TemporaryFolder temporary;
  const std::string input = folder + "/weights.safetensors", wide = temporary.path("wide.safetensors"),
                    half = temporary.path("half.safetensors");
  CHECK_EQUAL(convert(input, wide, {}).preset, "tiny");
  ConvertOptions options;
  options.half = true;
  options.classes = {"cell"};
  convert(wide, half, options);
  const ModelWeights original = load_weights(input), first = load_weights(wide), second = load_weights(half);
  CHECK_EQUAL(*find_metadata(second.metadata, "license"), "CC0-1.0");
  CHECK_EQUAL(second.config.classes.at(0), "cell");
  for (size_t i = 0; i < original.tensors.size(); ++i) {
    CHECK(first.tensors[i].dtype == DType::kFloat32 && largest_difference(first.tensors[i], original.tensors[i]) == 0);
    CHECK(same_bytes(second.tensors[i], original.tensors[i]));
  }
  options.classes = {"a", "b"};
  CHECK_FAILS(convert(input, half, options), ErrorCode::kInvalidArgument, "1 names");
}

TEST("convert: numbers beyond half precision are named") {
  const TemporaryFolder temporary;
  const std::string folder = golden("checkpoints");
  if (folder.empty()) return report_skip("no reference data checkpoints");
  Safetensors content = read_safetensors(folder + "/weights.safetensors");
  static const float kLarge[4] = {1, 2, 1e6f, 3};
  NamedTensor& changed = *const_cast<NamedTensor*>(find_tensor(content.tensors, "backbone.fpn_lateral2.norm.bias"));
  CHECK_EQUAL(changed.bytes, sizeof kLarge);
  changed.data = reinterpret_cast<const std::byte*>(kLarge);
  write_safetensors(temporary.path("large.safetensors"), content.tensors, {});
  ConvertOptions options = options_of(folder);
  options.half = true;
  CHECK_FAILS(convert(temporary.path("large.safetensors"), temporary.path("out"), options), ErrorCode::kWeights,
              "backbone.fpn_lateral2.norm.bias");
}

std::vector<TensorSpec> specs_of(const ModelConfig& config) {
  std::vector<TensorSpec> specs;
  for (const ExpectedTensor& tensor : expected_tensors(config)) specs.push_back({tensor.name, DType::kFloat32, tensor.shape});
  return specs;
}

TEST("find_preset: each preset by its shapes, with another number of classes and another grid") {
  for (const std::string& name : preset_names()) {
    ModelConfig config = preset(name);
    CHECK(find_preset(specs_of(config))->to_json().dump() == config.to_json().dump());
    config.classes = {"a", "b", "c"};
    config.image_size = 640;
    const auto found = find_preset(specs_of(config));
    CHECK(found && found->num_classes() == 3 && found->image_size == 640);
    CHECK_EQUAL(found->classes.at(2), "class 3");
    CHECK_EQUAL(preset_of(*found), name);
  }
  ModelConfig other = preset("tiny");
  other.encoder.depth = 7;
  CHECK(!find_preset(specs_of(other)));
  CHECK_EQUAL(preset_of(other), "custom");
}

TEST("find_preset: names and shapes of a stranger's do no harm") {
  CHECK(!find_preset({}));
  CHECK(!find_preset({{"backbone.bottom_up.encoder.blocks.99999999999999999999.x", DType::kFloat32, {}},
                      {"backbone.bottom_up.encoder.blocks.2147483647.x", DType::kFloat32, {}},
                      {"backbone.bottom_up.encoder.pos_embed", DType::kFloat32, {1, INT64_MAX, 1}},
                      {"roi_heads.box_predictor.cls_score.weight", DType::kFloat32, {INT64_MAX, 1}}}));
}

TEST("half precision: every half survives the way to float32 and back, and rounding is to nearest even") {
  for (uint32_t half = 0; half < 0x10000; ++half) {
    const float wide = half_to_float(static_cast<uint16_t>(half));
    if (std::isnan(wide)) CHECK(std::isnan(half_to_float(float_to_half(wide))));
    else if (float_to_half(wide) != half) report_failure(__FILE__, __LINE__, std::to_string(half));
  }
  CHECK_EQUAL(float_to_half(1.0f + 0x1p-11f), 0x3c00);      // a tie: down to even
  CHECK_EQUAL(float_to_half(1.0f + 3 * 0x1p-11f), 0x3c02);  // a tie: up to even
  CHECK_EQUAL(float_to_half(65519.0f), 0x7bff);
  CHECK_EQUAL(float_to_half(65520.0f), 0x7c00);
  CHECK_EQUAL(float_to_half(0x1p-25f), 0x0000);
  CHECK_EQUAL(float_to_half(-0x1.8p-25f), 0x8001);
}

}  // namespace
}  // namespace mimdet::test
