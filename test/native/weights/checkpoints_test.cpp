// Every container that people bring, and broken or hostile ones: each line of golden/checkpoints/manifest.json.
#include <bit>
#include <cmath>
#include <map>

#include "base/json.h"
#include "check.h"
#include "weights/convert.h"
#include "weights/float_formats.h"
#include "weights/inspect.h"
#include "weights/load_weights.h"
#include "weights/safetensors.h"
#include "weights/weights_testing.h"

namespace mimdet::test {
namespace {

float through_half(float value) { return half_to_float(float_to_half(value)); }

float through_bfloat16(float value) {  // to nearest, ties to even; no NaN comes here
  const uint32_t bits = std::bit_cast<uint32_t>(value);
  return bfloat16_to_float(static_cast<uint16_t>((bits + 0x7fff + (bits >> 16 & 1)) >> 16));
}

float rounded(float value, const std::string& equality) {
  if (equality.find("bfloat16") != std::string::npos) return through_bfloat16(value);
  if (equality.find("float16") != std::string::npos) return through_half(value);
  return value;
}

std::vector<float> floats_of(const NamedTensor& tensor) {
  std::vector<float> numbers(tensor.bytes / dtype_size(tensor.dtype));
  widen_to_float(tensor.data, tensor.dtype, numbers.size(), numbers.data());
  return numbers;
}

size_t count_differing_bits(const NamedTensor& actual, const NamedTensor& expected, const std::string& equality) {
  const auto a = floats_of(actual), e = floats_of(expected);
  if (a.size() != e.size()) return e.size();
  size_t differing = 0;
  for (size_t i = 0; i < e.size(); ++i)
    differing += std::bit_cast<uint32_t>(a[i]) != std::bit_cast<uint32_t>(rounded(e[i], equality));
  return differing;
}

struct Lines {
  std::string folder;
  ConvertOptions options;
  std::vector<Json> lines;
};

Lines manifest() {
  Lines result{golden("checkpoints"), {}, {}};
  if (result.folder.empty()) {
    report_skip("no reference data checkpoints");
    return result;
  }
  result.options.config = ModelConfig::from_json_text(read_file(result.folder + "/config.json"));
  result.lines = Json::parse(read_file(result.folder + "/manifest.json")).array();
  return result;
}

TEST("checkpoints: each good file converts to the weights, bit by bit") {
  const Lines manifest = test::manifest();
  const TemporaryFolder folder;
  size_t converted = 0;
  for (const Json& line : manifest.lines) {
    if (line.find("error")) continue;
    const std::string file = line.at("file").string(), output = folder.path("out.safetensors");
    try {
      const ConvertReport report = convert(manifest.folder + "/" + file, output, manifest.options);
      const Safetensors expected = read_safetensors(manifest.folder + "/" + line.at("converts_to").string());
      const ModelWeights actual = load_weights(output);
      CHECK_EQUAL(report.tensors, expected.tensors.size());
      CHECK_EQUAL(actual.tensors.size(), expected.tensors.size());
      for (const NamedTensor& tensor : expected.tensors) {
        const NamedTensor* found = find_tensor(actual.tensors, tensor.name);
        const size_t differing = found ? count_differing_bits(*found, tensor, line.at("equality").string()) : 1;
        if (differing)
          report_failure(__FILE__, __LINE__, file + ": " + tensor.name + " differs in " + std::to_string(differing) + " numbers");
      }
      ++converted;
    } catch (const Error& error) {
      report_failure(__FILE__, __LINE__, file + ": " + error.what());
    }
  }
  if (!manifest.lines.empty()) CHECK(converted >= 24);
}

TEST("checkpoints: each bad file is refused, with the names that help, and nothing is written") {
  const Lines manifest = test::manifest();
  const TemporaryFolder folder;
  for (const Json& line : manifest.lines) {
    if (!line.find("error")) continue;
    const std::string file = line.at("file").string(), output = folder.path("out.safetensors");
    CHECK_FAILS(convert(manifest.folder + "/" + file, output, manifest.options), ErrorCode::kWeights, file);
    if (const Json* names = line.find("names"))
      for (const Json& name : names->array())
        CHECK_FAILS(convert(manifest.folder + "/" + file, output, manifest.options), ErrorCode::kWeights, name.string());
    CHECK(!std::filesystem::exists(output));
  }
}

TEST("checkpoints: a refused call is named") {
  const std::string folder = golden("checkpoints");
  if (folder.empty()) return report_skip("no reference data checkpoints");
  CHECK_FAILS(inspect_weights(folder + "/runs_a_command.pth"), ErrorCode::kWeights, "os.system");
  CHECK_FAILS(inspect_weights(folder + "/runs_a_command.pkl"), ErrorCode::kWeights, "os.system");
}

TEST("checkpoints: a .safetensors is wanted where a model is loaded, and the message says how to make one") {
  const std::string folder = golden("checkpoints");
  if (folder.empty()) return report_skip("no reference data checkpoints");
  for (const char* file : {"/zip.pth", "/legacy.pth", "/detectron2_protocol2.pkl"})
    CHECK_FAILS(load_weights(folder + file), ErrorCode::kWeights, "mimdet convert");
}

TEST("inspect_weights: names, dtypes and shapes of every container, sizes without numbers") {
  const std::string folder = golden("checkpoints");
  if (folder.empty()) return report_skip("no reference data checkpoints");
  for (const char* file : {"/weights.safetensors", "/float16.pth", "/legacy.pth", "/detectron2_fortran.pkl"}) {
    const Inspection inspection = inspect_weights(folder + file);
    std::map<std::string, TensorSpec> by_name;
    for (const TensorSpec& tensor : inspection.tensors) by_name[tensor.name] = tensor;
    CHECK_EQUAL(show_shape(by_name["roi_heads.box_head.fc1.weight"].shape), "[8, 196]");
    CHECK_EQUAL(inspection.bytes, std::filesystem::file_size(folder + file));
    CHECK(!inspection.config);
    const Json json = Json::parse(inspection.to_json_text());
    CHECK_EQUAL(json.at("tensors").array().size(), inspection.tensors.size());
    CHECK(json.at("config").is_null());
  }
  CHECK_EQUAL(inspect_weights(folder + "/float16.pth").tensors.at(0).dtype, DType::kFloat16);
}

}  // namespace
}  // namespace mimdet::test
