// What a run begins with: fresh weights, and those of files that fit wholly, in part, or not at all. (Distributions: parity with golden/optimizer.)
#include <ATen/TensorOperators.h>
#include <ATen/ops/equal.h>

#include <algorithm>

#include "check.h"
#include "ops/stored_tensors.h"
#include "train/initial_weights.h"
#include "weights/convert.h"
#include "weights/load_weights.h"
#include "weights/model_file.h"
#include "weights/safetensors.h"
#include "weights/weight_names.h"
#include "weights/weights_testing.h"

using namespace mimdet;
using test::stored_tensors;

namespace {

const std::string kEncoderPositions = "backbone.bottom_up.encoder.pos_embed", kScores = "roi_heads.box_predictor.cls_score.weight";

ModelConfig stored_config() { return ModelConfig::from_json_text(test::read_file(test::golden("micro") + "/config.json")); }

std::vector<NamedTensor> stored_weights() { return read_safetensors(test::golden("micro") + "/weights.safetensors").tensors; }

/// A file of these tensors, made for `config`.
std::string write(const test::TemporaryFolder& folder, const std::vector<NamedTensor>& tensors, const ModelConfig& config,
                  const char* format = kModelFormat) {
  const std::string path = folder.path("weights.safetensors");
  write_safetensors(path, tensors, make_metadata(format, config, {}));
  return path;
}

void remove(std::vector<NamedTensor>& tensors, const std::string& name) {
  std::erase_if(tensors, [&](const NamedTensor& tensor) { return tensor.name == name; });
}

bool mentions(const std::vector<std::string>& notes, const std::string& part) {
  return std::any_of(notes.begin(), notes.end(), [&](const std::string& note) { return note.find(part) != std::string::npos; });
}

}  // namespace

TEST("fresh weights: every tensor of the configuration, a function of seed and name") {
  const ModelConfig config = stored_config();
  const StateDict a = fresh_weights(config, 1).tensors, again = fresh_weights(config, 1).tensors, other = fresh_weights(config, 2).tensors;
  for (const ExpectedTensor& expected : expected_tensors(config)) {
    CHECK(a.at(expected.name).sizes() == at::IntArrayRef(expected.shape));
    CHECK(at::equal(a.at(expected.name), again.at(expected.name)));
  }
  CHECK(!at::equal(a.at(kScores), other.at(kScores)));
  const char* block = "backbone.bottom_up.encoder.blocks.";
  CHECK(!at::equal(a.at(std::string(block) + "0.mlp.fc1.weight"), a.at(std::string(block) + "1.mlp.fc1.weight")));
}

TEST("fresh weights: position embeddings are the reference's, bit for bit") {
  const auto stored = stored_tensors("micro/weights.safetensors");
  const StateDict fresh = fresh_weights(stored_config(), 0).tensors;
  for (const std::string& name : {kEncoderPositions, std::string("backbone.bottom_up.decoder.decoder_pos_embed")})
    CHECK(at::equal(fresh.at(name), stored.at(name)));
}

TEST("initial weights: a file that fits is taken whole, without a note") {
  const test::TemporaryFolder folder;
  const InitialWeights weights = load_initial_weights(write(folder, stored_weights(), stored_config()), stored_config(), 7);
  CHECK(weights.notes.empty());
  for (const auto& [name, tensor] : stored_tensors("micro/weights.safetensors"))
    if (weights.tensors.contains(name)) CHECK(at::equal(weights.tensors.at(name), tensor));
}

TEST("initial weights: for another list of classes the heads are made afresh, and it is said") {
  const test::TemporaryFolder folder;
  const std::string path = write(folder, stored_weights(), stored_config());
  for (const bool same_number : {true, false}) {
    ModelConfig config = stored_config();
    if (same_number) config.classes[0] = "something else";
    else config.classes.push_back("one more");
    const InitialWeights weights = load_initial_weights(path, config, 7);
    CHECK(mentions(weights.notes, kScores));
    CHECK(at::equal(weights.tensors.at(kScores), fresh_weights(config, 7).tensors.at(kScores)));
    CHECK(at::equal(weights.tensors.at("roi_heads.box_head.fc1.weight"),
                    stored_tensors("micro/weights.safetensors").at("roi_heads.box_head.fc1.weight")));
  }
}

TEST("initial weights: position embeddings of another image size are made for this one") {
  const test::TemporaryFolder folder;
  ModelConfig config = stored_config();
  config.image_size *= 2;
  const InitialWeights weights = load_initial_weights(write(folder, stored_weights(), stored_config()), config, 7);
  CHECK(mentions(weights.notes, kEncoderPositions));
  CHECK_EQUAL(weights.tensors.at(kEncoderPositions).size(1), 1 + config.stored_grid() * config.stored_grid());
}

TEST("initial weights: of a part, what is there is taken and the rest is made afresh") {
  const test::TemporaryFolder folder;
  std::vector<NamedTensor> tensors = stored_weights();
  remove(tensors, kScores);
  const std::string part = write(folder, tensors, stored_config(), kInitFormat);
  const InitialWeights weights = load_initial_weights(part, stored_config(), 7);
  CHECK(mentions(weights.notes, kScores));
  CHECK(at::equal(weights.tensors.at(kScores), fresh_weights(stored_config(), 7).tensors.at(kScores)));
}

TEST("initial weights: what convert makes of MAE's checkpoint is taken") {
  const test::TemporaryFolder folder;
  const std::string path = folder.path("mae.safetensors");
  ConvertOptions options;
  options.config = stored_config();
  convert(test::golden("micro") + "/mae_full.pth", path, options);
  const InitialWeights weights = load_initial_weights(path, stored_config(), 7);
  for (const auto& [name, tensor] : stored_tensors("micro/mae_expected.safetensors"))
    CHECK((weights.tensors.at(name) - tensor).abs().max().item<double>() < 1e-5);  // position embeddings were resized
}

TEST("initial weights: what does not fit is refused by name") {
  const test::TemporaryFolder folder;
  const auto fails = [&](const std::vector<NamedTensor>& tensors, const ModelConfig& config, const std::string& part) {
    CHECK_FAILS(load_initial_weights(write(folder, tensors, stored_config()), config, 7), ErrorCode::kWeights, part);
  };
  std::vector<NamedTensor> tensors = stored_weights();
  remove(tensors, kScores);
  fails(tensors, stored_config(), kScores);
  ModelConfig wider = stored_config();
  wider.fpn_channels *= 2;
  fails(stored_weights(), wider, "backbone.fpn_lateral2.weight");
  ModelConfig shallower = stored_config();
  shallower.decoder.depth -= 1;
  fails(stored_weights(), shallower, "decoder_blocks");
  CHECK_FAILS(load_initial_weights(test::golden("micro") + "/mae_full.pth", stored_config(), 7), ErrorCode::kWeights, "mimdet convert");
  CHECK_FAILS(load_initial_weights(folder.path("nothing"), stored_config(), 7), ErrorCode::kWeights, "nothing");
}
