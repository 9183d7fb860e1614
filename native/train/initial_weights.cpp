#include "train/initial_weights.h"

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/TensorOperators.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/cos.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/pow.h>
#include <ATen/ops/sin.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/zeros.h>

#include <cmath>

#include "weights/weight_names.h"

namespace mimdet {
namespace {

constexpr double kPositionBase = 10000;

bool contains(const std::string& name, const char* part) { return name.find(part) != std::string::npos; }

/// FNV-1a with the seed mixed in, folded to the 32 bits that the generator takes.
uint64_t seed_of(const std::string& name, uint64_t seed) {
  uint64_t hash = 14695981039346656037ull ^ (seed * 0x9e3779b97f4a7c15ull);
  for (char c : name) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211ull;
  hash ^= hash >> 29;
  hash *= 0xbf58476d1ce4e5b9ull;
  return hash >> 32;
}

struct Drawer {
  const ExpectedTensor& tensor;
  at::Generator generator;

  at::Tensor uniform(double bound) { return at::empty(tensor.shape, at::kFloat).uniform_(-bound, bound, generator); }
  at::Tensor normal(double deviation) { return at::empty(tensor.shape, at::kFloat).normal_(0, deviation, generator); }
  /// Numbers that one output sums up; numbers that one input goes into. As PyTorch counts them, also for a transposed convolution.
  double fan_in() const { return static_cast<double>(tensor.shape[1]) * kernel(); }
  double fan_out() const { return static_cast<double>(tensor.shape[0]) * kernel(); }

 private:
  double kernel() const { return tensor.shape.size() == 4 ? static_cast<double>(tensor.shape[2] * tensor.shape[3]) : 1; }
};

/// The weight of a linear or a convolution. Glorot & Bengio 2010, He et al. 2015; which is used where is the reference's choice.
at::Tensor draw_weight(Drawer drawer) {
  const std::string& name = drawer.tensor.name;
  if (contains(name, "patch_embed.")) return drawer.uniform(1 / std::sqrt(drawer.fan_in()));
  if (name.starts_with("backbone.bottom_up.")) return drawer.uniform(std::sqrt(6 / (drawer.fan_in() + drawer.fan_out())));
  if (name.starts_with("backbone.fpn_") || contains(name, "box_head.fc")) return drawer.uniform(std::sqrt(3 / drawer.fan_in()));
  if (name.starts_with("proposal_generator.") || contains(name, "cls_score.")) return drawer.normal(0.01);
  if (contains(name, "bbox_pred.") || contains(name, "mask_head.predictor.")) return drawer.normal(0.001);
  return drawer.normal(std::sqrt(2 / drawer.fan_out()));
}

at::Tensor fresh_tensor(const ExpectedTensor& tensor, const ModelConfig& config, uint64_t seed) {
  const std::string& name = tensor.name;
  if (tensor.role == TensorRole::kFrozen) return sine_cosine_positions(config.stored_grid(), tensor.shape[2]);
  if (name.ends_with(".running_var")) return at::ones(tensor.shape, at::kFloat);
  const Drawer drawer = {tensor, at::detail::createCPUGenerator(seed_of(name, seed))};
  if (tensor.shape.size() > 1) return draw_weight(drawer);
  if (name.ends_with("patch_embed.proj.3.3.bias")) return Drawer(drawer).uniform(1 / std::sqrt(static_cast<double>(tensor.shape[0])));
  const bool scales = name.ends_with(".weight");  // of a norm
  return scales ? at::ones(tensor.shape, at::kFloat) : at::zeros(tensor.shape, at::kFloat);
}

/// (places, dim / 2): sines, then cosines, of each place at falling frequencies.
at::Tensor waves(const at::Tensor& places, int64_t dim) {
  const at::Tensor order = at::arange(0, dim / 4, places.options()) / (static_cast<double>(dim) / 4);
  const at::Tensor angle = places.unsqueeze(1) * at::pow(kPositionBase, order).reciprocal().unsqueeze(0);
  return at::cat({at::sin(angle), at::cos(angle)}, 1);
}

}  // namespace

InitialWeights fresh_weights(const ModelConfig& config, uint64_t seed) {
  InitialWeights weights;
  for (const ExpectedTensor& tensor : expected_tensors(config)) weights.tensors.emplace(tensor.name, fresh_tensor(tensor, config, seed));
  return weights;
}

at::Tensor sine_cosine_positions(int64_t grid, int64_t dim) {
  const auto options = at::TensorOptions(at::kDouble);
  const at::Tensor places = at::arange(0, grid, options);
  const at::Tensor x = places.repeat({grid}), y = places.repeat_interleave(grid);
  const at::Tensor rows = at::cat({waves(x, dim), waves(y, dim)}, 1);
  return at::cat({at::zeros({1, dim}, options), rows}).unsqueeze(0).to(at::kFloat);
}

}  // namespace mimdet
