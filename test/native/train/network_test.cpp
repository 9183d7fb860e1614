// The network of a training step where no reference data lead: recomputation, drop path, pictures without objects or masks.
#include <ATen/TensorOperators.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/isfinite.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/rand.h>
#include <ATen/ops/zeros.h>

#include "check.h"
#include "model/label_sampler.h"
#include "ops/stored_tensors.h"
#include "train/batch.h"
#include "train/initial_weights.h"
#include "train/layers.h"
#include "train/mask_rcnn_losses.h"
#include "train/recompute.h"
#include "train/transformer_block.h"

using namespace mimdet;

namespace {

ModelConfig small_config() {
  ModelConfig config = preset("tiny");
  config.image_size = 64;
  config.encoder = {.dim = 48, .depth = 2, .heads = 2, .mlp_ratio = 4.0, .drop_path = 0.5, .layer_norm_eps = 1e-5};
  config.decoder = {.dim = 32, .depth = 1, .heads = 2, .mlp_ratio = 4.0, .layer_norm_eps = 1e-5};
  config.fpn_channels = config.roi.box_conv_dim = config.roi.mask_conv_dim = 16;
  config.roi.box_fc_dim = 32, config.roi.batch_per_image = 16, config.roi.mask_convs = 1;
  return config;
}

Parameters small_parameters() { return Parameters(small_config(), fresh_weights(small_config(), 5).tensors); }

enum class Objects { kPolygons, kBoxes, kNone };

StepInput small_input(Objects objects, SizeHw size = {64, 48}) {
  TrainingPicture picture;
  picture.image = {std::vector<uint8_t>(static_cast<size_t>(size.height * size.width * 3)), size};
  for (size_t i = 0; i < picture.image.rgb.size(); ++i) picture.image.rgb[i] = static_cast<uint8_t>(i * i % 251);
  if (objects != Objects::kNone) picture.objects.push_back({{4, 6, 30, 28}, 0, {}});
  if (objects == Objects::kPolygons) picture.objects[0].mask = PolygonMask{{4, 6, 30, 6, 30, 28}};
  return make_batch({picture, picture}, small_config());
}

StepLosses run_step(const Parameters& parameters, const StepInput& input, bool checkpointing, double ratio = 0.5) {
  RandomDraws draws(3, 0);
  const StepLosses step = MaskRcnnLosses(small_config(), parameters, checkpointing)(input.images, input.targets, draws, ratio);
  step.losses.total().backward();
  return step;
}

int64_t count_not_finite(const Parameters& parameters) {
  int64_t count = 0;
  for (const TrainingTensor& tensor : parameters.trainable())
    count += !tensor.value.grad().defined() || !at::isfinite(tensor.value.grad()).all().item<bool>();
  for (const TrainingTensor& tensor : parameters.tensors()) count += !at::isfinite(tensor.value.detach()).all().item<bool>();
  return count;
}

}  // namespace

TEST("training step: recomputing activations changes no bit of losses, gradients and statistics") {
  const StepInput input = small_input(Objects::kPolygons);
  const Parameters kept = small_parameters(), recomputed = small_parameters();
  CHECK(at::equal(run_step(kept, input, false).losses.total(), run_step(recomputed, input, true).losses.total()));
  for (size_t i = 0; i < kept.tensors().size(); ++i) {
    const at::Tensor &a = kept.tensors()[i].value, &b = recomputed.tensors()[i].value;
    CHECK(at::equal(a, b));
    if (a.requires_grad()) CHECK(at::equal(a.grad(), b.grad()));
  }
}

TEST("training step: recomputing gives a frozen stem no gradient, and the blocks theirs") {
  Parameters parameters = small_parameters();
  for (const TrainingTensor& tensor : parameters.trainable())
    if (tensor.name.find("patch_embed") != std::string::npos) parameters.freeze(tensor.name);
  run_step(parameters, small_input(Objects::kPolygons), true);
  CHECK_EQUAL(count_not_finite(parameters), 0);
  CHECK(!parameters["backbone.bottom_up.encoder.patch_embed.proj.0.0.weight"].grad().defined());
}

TEST("training step: boxes alone train everything, the mask head with a gradient of zero") {
  const Parameters parameters = small_parameters();
  const StepLosses step = run_step(parameters, small_input(Objects::kBoxes), false);
  CHECK_EQUAL(step.losses.mask.item<float>(), 0.0f);
  CHECK(step.losses.box_reg.item<float>() > 0);
  CHECK_EQUAL(count_not_finite(parameters), 0);
  CHECK_EQUAL(parameters["roi_heads.mask_head.predictor.weight"].grad().abs().sum().item<float>(), 0.0f);
}

TEST("training step: pictures without objects, and of one padded cell, stay finite") {
  for (const SizeHw size : {SizeHw{64, 48}, SizeHw{32, 32}, SizeHw{1, 1}}) {
    const Parameters parameters = small_parameters();
    StepInput input = small_input(Objects::kNone, size);
    input.images = {input.images.pixels.slice(0, 0, 1), {input.images.sizes[0]}};
    input.targets.resize(1);
    const StepLosses step = run_step(parameters, input, false);
    CHECK_EQUAL(step.foreground, 0);
    CHECK_EQUAL(count_not_finite(parameters), 0);
  }
}

TEST("training step: at ratio 1 the patches that are left out need no projection") {
  const Parameters parameters = small_parameters();
  run_step(parameters, small_input(Objects::kPolygons), false, 1.0);
  CHECK(!parameters["backbone.bottom_up.decoder.conv_feat_proj.weight"].grad().defined());
  CHECK(parameters["backbone.bottom_up.decoder.decoder_embed.weight"].grad().defined());
}

TEST("transformer block: a dropped branch passes its input through, a kept one counts 1 / keep") {
  const Parameters parameters = small_parameters();
  const std::string block = "backbone.bottom_up.encoder.blocks.0";
  const at::Tensor x = test::random_tensor({2, 5, 48}, -1, 1, 4);
  at::Tensor scale = at::zeros({2, 1, 1});
  scale[1] = 2;
  const at::Tensor y = train::transformer_block(parameters, block, x, 2, 1e-5, {scale, at::zeros({2, 1, 1})});
  CHECK(at::equal(y[0], x[0]));
  const at::Tensor whole = train::transformer_block(parameters, block, x, 2, 1e-5, {at::ones({2, 1, 1}), at::zeros({2, 1, 1})});
  CHECK(test::relative_error(y[1] - x[1], 2 * (whole[1] - x[1])) < 1e-5);
}

TEST("batch: what does not belong to its picture is refused") {
  const ModelConfig config = small_config();
  TrainingPicture picture{{std::vector<uint8_t>(8 * 8 * 3), {8, 8}}, {{{0, 0, 4, 4}, 0, {}}}};
  CHECK_EQUAL(make_batch({picture}, config).targets[0].boxes_xyxy.size(0), 1);
  picture.objects[0].class_id = config.num_classes();
  CHECK_FAILS(make_batch({picture}, config), ErrorCode::kInvalidArgument, "classId");
  picture.objects[0] = {{0, 0, 4, 4}, 0, RleMask{4, 8, {32}}};
  CHECK_FAILS(make_batch({picture}, config), ErrorCode::kInvalidArgument, "rle.size");
}
