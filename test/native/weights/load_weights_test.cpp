// Whole files of ours, and the names that a configuration asks for.
#include "weights/load_weights.h"

#include <algorithm>
#include <set>

#include "base/json.h"
#include "check.h"
#include "weights/model_file.h"
#include "weights/safetensors.h"
#include "weights/weight_names.h"
#include "weights/weights_testing.h"

namespace mimdet::test {
namespace {

ModelConfig config_of(const std::string& folder) { return ModelConfig::from_json_text(read_file(folder + "/config.json")); }

/// Every name and shape, sorted.
std::set<std::string> shown(const std::vector<ExpectedTensor>& tensors) {
  std::set<std::string> lines;
  for (const ExpectedTensor& tensor : tensors) lines.insert(tensor.name + show_shape(tensor.shape));
  return lines;
}

void check_same_set(const std::vector<ExpectedTensor>& expected, const std::string& file) {
  std::set<std::string> found;
  for (const NamedTensor& tensor : read_safetensors(file).tensors) found.insert(tensor.name + show_shape(tensor.shape));
  CHECK(found == shown(expected));
}

TEST("expected_tensors: the sets of the reference's small models, names and shapes") {
  for (const char* name : {"micro", "nuclei", "checkpoints"}) {
    const std::string folder = golden(name);
    if (folder.empty()) report_skip(std::string("no reference data ") + name);
    else check_same_set(expected_tensors(config_of(folder)), folder + "/weights.safetensors");
  }
}

void check_groups(const std::string& file, const ModelConfig& config) {
  const Json json = Json::parse(read_file(file));
  std::set<std::string> trained, frozen, found_trained, found_frozen;
  int64_t total = 0;
  for (const auto& [name, row] : json.at("parameters").object()) {
    std::vector<int64_t> shape;
    for (const Json& side : row.array().at(2).array()) shape.push_back(side.integer());
    trained.insert(name + show_shape(shape));
  }
  for (const Json& name : json.at("frozen").array()) frozen.insert(name.string());
  for (const ExpectedTensor& tensor : expected_tensors(config)) {
    if (tensor.role == TensorRole::kParameter) found_trained.insert(tensor.name + show_shape(tensor.shape));
    if (tensor.role == TensorRole::kFrozen) found_frozen.insert(tensor.name);
    if (tensor.role != TensorRole::kStatistic) total += static_cast<int64_t>(*tensor_bytes(tensor.shape, DType::kUInt8));
  }
  CHECK(found_trained == trained);
  CHECK(found_frozen == frozen);
  CHECK_EQUAL(total, json.at("total").integer());
}

TEST("expected_tensors: base and large have the reference's parameters, and as many numbers") {
  const std::string folder = golden("optimizer");
  if (folder.empty()) return report_skip("no reference data optimizer");
  check_groups(folder + "/groups_base.json", preset("base"));
  check_groups(folder + "/groups_large.json", preset("large"));
}

TEST("load_weights: a file with its configuration, in the order of the forward pass") {
  const std::string folder = golden("nuclei");
  if (folder.empty()) return report_skip("no reference data nuclei");
  const ModelWeights weights = load_weights(folder + "/weights.safetensors");
  CHECK_EQUAL(weights.config.to_json().dump(), config_of(folder).to_json().dump());
  const std::string* license = find_metadata(weights.metadata, "license");
  CHECK(license && *license == "CC0-1.0");
  CHECK(!find_metadata(weights.metadata, "config"));
  const auto expected = expected_tensors(weights.config);
  CHECK_EQUAL(weights.tensors.size(), expected.size());
  CHECK(std::equal(expected.begin(), expected.end(), weights.tensors.begin(),
                   [](const ExpectedTensor& e, const NamedTensor& t) { return e.name == t.name && e.shape == t.shape; }));
}

TEST("load_weights: a file without a configuration needs one") {
  const std::string folder = golden("micro");
  if (folder.empty()) return report_skip("no reference data micro");
  const std::string file = folder + "/weights.safetensors";
  CHECK_EQUAL(load_weights(file, config_of(folder)).config.encoder.dim, 48);
  CHECK_FAILS(load_weights(file), ErrorCode::kWeights, "--config");
  CHECK_FAILS(load_weights(file), ErrorCode::kWeights, file);
  CHECK_FAILS(load_weights(file, preset("tiny")), ErrorCode::kWeights, "misshapen (");
  CHECK_FAILS(load_weights(file, preset("tiny")), ErrorCode::kWeights, " more)");
}

TEST("load_weights: other versions, broken configurations and beginnings of training are refused, saying why") {
  const TemporaryFolder folder;
  const std::string path = folder.path("x.safetensors");
  const auto refuse = [&](const Metadata& metadata, const std::string& part) {
    write_safetensors(path, {tensor_of("backbone.bottom_up.encoder.norm.bias", DType::kFloat32, {768})}, metadata);
    CHECK_FAILS(load_weights(path), ErrorCode::kWeights, part);
  };
  refuse({{"format", "mimdet"}, {"version", "2"}}, "\"2\"");
  refuse({{"format", "mimdet"}, {"version", "1"}, {"config", "{\"imageSize\": 7}"}}, "config.imageSize");
  refuse({{"format", "mimdet"}, {"version", "1"}, {"config", "no JSON"}}, "configuration");
  refuse(make_metadata("mimdet-init", preset("base"), {}),
         "lacks 313 of 314 tensors: backbone.bottom_up.encoder.patch_embed.proj.0.0.weight");
}

TEST("load_weights: what is no weights at all gets a plain answer") {
  const TemporaryFolder folder;
  CHECK_FAILS(load_weights(folder.path("missing.safetensors")), ErrorCode::kWeights, "no such file");
  CHECK_FAILS(load_weights(folder.path("")), ErrorCode::kWeights, "a directory");
  CHECK_FAILS(load_weights("/dev/null"), ErrorCode::kWeights, "no regular file");
  CHECK_FAILS(load_weights(bytes_of("")), ErrorCode::kWeights, "an empty file");
  CHECK_FAILS(load_weights(bytes_of("\x89PNG\r\n\x1a\n....")), ErrorCode::kWeights, "a PNG picture");
  CHECK_FAILS(load_weights(bytes_of("<!DOCTYPE html>")), ErrorCode::kWeights, "HTML");
  CHECK_FAILS(load_weights(bytes_of("PK\x03\x04....")), ErrorCode::kWeights, "mimdet convert");
}

}  // namespace
}  // namespace mimdet::test
