// The update against the reference's (golden/micro/train), the gradient's norm, the moving average.
#include <ATen/TensorOperators.h>
#include <ATen/ops/abs.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/full.h>
#include <ATen/ops/zeros_like.h>

#include <cmath>
#include <limits>

#include "check.h"
#include "base/json.h"
#include "ops/cuda/adamw_kernel.h"
#include "ops/host_grid.h"
#include "ops/stored_tensors.h"
#include "train/adamw.h"
#include "train/gradient_norm.h"
#include "train/weight_average.h"
#include "threads.h"

using namespace mimdet;
using test::stored_tensors;

namespace {

ModelConfig stored_config() { return ModelConfig::from_json_text(test::read_file(test::golden("micro/train") + "/config.json")); }

StateDict as_state(const std::map<std::string, at::Tensor>& tensors) { return {tensors.begin(), tensors.end()}; }

Parameters stored_parameters() { return Parameters(stored_config(), as_state(stored_tensors("micro/train/weights.safetensors"))); }

void give_gradients(const Parameters& parameters, const std::map<std::string, at::Tensor>& stored) {
  for (const TrainingTensor& tensor : parameters.trainable()) tensor.value.mutable_grad() = stored.at("grad." + tensor.name).clone();
}

OptimizerOptions stored_options() {
  const Json optimizer = Json::parse(test::read_file(test::golden("micro/train") + "/train.json")).at("optimizer");
  OptimizerOptions options;
  options.lr = optimizer.at("lr").number();
  options.multiplier = optimizer.at("multiplier").number();
  return options;
}

std::vector<at::Tensor> values_after(int threads, const std::map<std::string, at::Tensor>& stored) {
  const test::Threads setting(threads);
  const Parameters parameters = stored_parameters();
  AdamW optimizer(parameters, stored_options(), stored_config().encoder.depth);
  std::vector<at::Tensor> values;
  for (int step = 0; step < 3; ++step) {
    give_gradients(parameters, stored);
    optimizer.step(1, 0.5);
  }
  for (const TrainingTensor& tensor : parameters.trainable()) values.push_back(tensor.value.detach());
  return values;
}

}  // namespace

TEST("adamw: one step from the stored gradients is the reference's") {
  const auto stored = stored_tensors("micro/train/step.safetensors");
  const Parameters parameters = stored_parameters();
  const OptimizerOptions options = stored_options();
  AdamW optimizer(parameters, options, stored_config().encoder.depth);
  give_gradients(parameters, stored);
  std::vector<at::Tensor> all;
  for (const OptimizerEntry& entry : optimizer.entries()) all.push_back(entry.value.grad());
  const double norm_of_all = gradient_norm(all);
  optimizer.step(1);
  size_t compared = 0;
  for (const OptimizerEntry& entry : optimizer.entries()) {
    const at::Tensor gradient = stored.at("grad." + entry.name).abs();
    if (gradient_norm({gradient}) < 1e-6 * norm_of_all) continue;  // the first step is ±lr whatever the gradient's size
    const at::Tensor counts = gradient > gradient.max() * 1e-4;
    CHECK(test::relative_error(entry.value.detach().masked_select(counts), stored.at("after." + entry.name).masked_select(counts)) < 1e-6);
    ++compared;
  }
  CHECK(compared > 100);
}

TEST("adamw: the number of threads changes nothing") {
  const auto stored = stored_tensors("micro/train/step.safetensors");
  const auto one = values_after(1, stored), two = values_after(2, stored);
  for (size_t i = 0; i < one.size(); ++i) CHECK(at::equal(one[i], two[i]));
}

TEST("adamw: a parameter without a gradient is passed over, decay and count included") {
  const auto stored = stored_tensors("micro/train/step.safetensors");
  const Parameters parameters = stored_parameters();
  AdamW optimizer(parameters, stored_options(), stored_config().encoder.depth);
  give_gradients(parameters, stored);
  OptimizerEntry& entry = optimizer.entries().front();
  const at::Tensor before = entry.value.detach().clone();
  entry.value.mutable_grad().reset();
  optimizer.step(1);
  CHECK(at::equal(before, entry.value.detach()));
  CHECK_EQUAL(entry.steps, 0);
  CHECK_EQUAL(optimizer.entries().back().steps, 1);
}

TEST("gradient_norm: the norm of all numbers, whatever the number of threads") {
  const std::vector<at::Tensor> gradients = {test::random_tensor({300, 211}, -1, 1, 1), at::Tensor(), test::random_tensor({7}, -5, 5, 2),
                                             test::random_tensor({8, 3, 3, 3}, -1, 1, 3).permute({3, 1, 2, 0})};
  double sum = 0;
  for (const at::Tensor& gradient : gradients)
    if (gradient.defined()) sum += gradient.to(at::kDouble).square().sum().item<double>();
  CHECK(std::abs(gradient_norm(gradients) - std::sqrt(sum)) < 1e-9);
  CHECK_EQUAL(gradient_norm({}), 0.0);
  const auto norm_with = [&](int count) {
    const test::Threads threads(count);
    return gradient_norm(gradients);
  };
  CHECK_EQUAL(norm_with(2), norm_with(1));
}

TEST("gradient_norm: a gradient that is not finite is seen") {
  at::Tensor gradient = test::random_tensor({70000}, -1, 1, 1);
  gradient[69999] = std::numeric_limits<float>::quiet_NaN();
  CHECK(!std::isfinite(gradient_norm({gradient})));
  gradient[69999] = std::numeric_limits<float>::infinity();
  CHECK(!std::isfinite(gradient_norm({gradient})));
  CHECK(std::isfinite(gradient_norm({at::full({4}, 3e38)})));
}

TEST("clip_scale: brings a norm down to the most, and is 1 below it and where it is off") {
  CHECK_EQUAL(clip_scale(100, 0), 1.0);
  CHECK_EQUAL(clip_scale(5, 10), 1.0);
  CHECK(std::abs(clip_scale(100, 10) - 0.1) < 1e-8);
}

TEST("weight_average: follows fast at first, then by its decay") {
  const Parameters parameters = stored_parameters();
  WeightAverage average(parameters, 0.9);
  const TrainingTensor tensor = parameters.trainable().front();
  const at::Tensor before = tensor.value.detach().clone();
  tensor.value.detach().add_(1);
  average.update();  // d = min(0.9, 2 / 11)
  CHECK(test::relative_error(average.tensors().at(tensor.name), before + (1 - 2.0 / 11)) < 1e-6);
  CHECK(!average.tensors().contains("backbone.bottom_up.encoder.pos_embed"));
  for (int i = 0; i < 200; ++i) average.update();
  CHECK(test::relative_error(average.tensors().at(tensor.name), tensor.value.detach()) < 1e-6);
}

TEST("adamw: a GPU's threads make of each number what the CPU makes of it") {
  const int64_t count = 1000;
  const auto numbers = [](double low, double high, uint64_t seed) { return test::random_tensor({count}, low, high, seed, at::kFloat); };
  const at::Tensor gradient = numbers(-1, 1, 1), value = numbers(-1, 1, 2), first = numbers(-0.1, 0.1, 3), second = numbers(0, 0.1, 4);
  at::Tensor found[] = {value.clone(), first.clone(), second.clone()};
  const cuda::AdamwUpdate update = {.scale = 0.5f, .keep = 0.99f, .beta1_rest = 0.1f, .beta2 = 0.999f, .beta2_rest = 0.001f, .step_size = 0.01f,
                                    .root_correction = 0.3f, .eps = 1e-8f};
  test::run_grid(cuda::AdamwStep{update, gradient.const_data_ptr<float>(), found[0].data_ptr<float>(), found[1].data_ptr<float>(), found[2].data_ptr<float>()},
                 count);
  const at::Tensor g = gradient * 0.5, m = first + 0.1 * (g - first), v = second * 0.999 + 0.001 * g * g;
  CHECK(test::relative_error(found[1], m) <= 1e-6);
  CHECK(test::relative_error(found[2], v) <= 1e-6);
  CHECK(test::relative_error(found[0], value * 0.99 - 0.01 * m / (v.sqrt() / 0.3 + 1e-8)) <= 1e-6);
}
