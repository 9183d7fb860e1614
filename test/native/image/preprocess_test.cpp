// Normalising and padding, against the arithmetic said plainly and against the reference's `input`.
#include "image/preprocess.h"

#include <ATen/ops/allclose.h>
#include <ATen/ops/equal.h>

#include "base/json.h"
#include "check.h"
#include "image/pictures.h"
#include "ops/stored_tensors.h"

using namespace mimdet;

namespace {

ModelConfig config_with_divisibility(int64_t divisibility) {
  ModelConfig config;
  config.size_divisibility = divisibility;
  return config;
}

}  // namespace

TEST("preprocess: sides are padded to a multiple") {
  CHECK(padded_size({800, 1333}, 32) == (SizeHw{800, 1344}));
  CHECK(padded_size({1, 64}, 32) == (SizeHw{32, 64}));
}

TEST("preprocess: each picture at the top left, zeros elsewhere, in float32") {
  const std::vector<uint8_t> small = {0, 128, 255, 7, 8, 9}, large(5 * 9 * 3, 200);
  const ImageBatch batch = preprocess({{small.data(), {2, 1}}, {large.data(), {5, 9}}}, config_with_divisibility(4), at::kCPU);
  CHECK(batch.pixels.sizes() == at::IntArrayRef({2, 3, 8, 12}));
  CHECK(batch.sizes == (std::vector<SizeHw>{{2, 1}, {5, 9}}));
  const auto pixels = batch.pixels.accessor<float, 4>();
  CHECK_EQUAL(pixels[0][0][0][0], (0.0f - 123.675f) / 58.395f);
  CHECK_EQUAL(pixels[0][2][1][0], (9.0f - 103.53f) / 57.375f);
  CHECK_EQUAL(pixels[0][1][0][1], 0.0f);
  CHECK_EQUAL(pixels[0][1][2][0], 0.0f);
  CHECK_EQUAL(pixels[1][1][4][8], (200.0f - 116.28f) / 57.12f);
  CHECK_EQUAL(pixels[1][1][5][8], 0.0f);
  CHECK_EQUAL(pixels[1][1][4][9], 0.0f);
}

TEST("preprocess: the reference's input") {
  if (!test::have_pictures()) return;
  const std::string folder = test::golden("micro");
  const ModelConfig config = ModelConfig::from_json_text(test::read_file(folder + "/config.json"));
  const Json forwards = Json::parse(test::read_file(folder + "/forwards.json"));
  for (const auto& [name, forward] : forwards.object()) {
    if (forward.find("pictures") == nullptr) continue;
    const auto stored = test::stored_tensors("micro/forward_" + name + ".safetensors");
    if (!stored.contains("input")) continue;
    std::vector<Image> pictures;
    for (const Json& picture : forward.at("pictures").array()) pictures.push_back(test::picture("micro/" + picture.string()));
    std::vector<ImageView> views;
    for (const Image& picture : pictures) views.push_back(picture.view());
    CHECK(at::allclose(preprocess(views, config, at::kCPU).pixels, stored.at("input"), 1e-6, 1e-6));
  }
}

TEST("preprocess: no picture and empty pictures are refused") {
  const uint8_t pixel[3] = {1, 2, 3};
  CHECK_FAILS(preprocess({}, {}, at::kCPU), ErrorCode::kInvalidArgument, "for `pictures` but received none");
  CHECK_FAILS(preprocess({{pixel, {0, 1}}}, {}, at::kCPU), ErrorCode::kInvalidArgument, "for `picture` but received 0 x 1");
}
