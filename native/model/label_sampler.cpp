#include "model/label_sampler.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/empty.h>

#include <algorithm>
#include <vector>

#include "data/random.h"

namespace mimdet {
namespace {

/// `count` of the places, each as likely, in random order.
at::Tensor draw(std::vector<int64_t> places, int64_t count, Random& random) {
  const int64_t available = static_cast<int64_t>(places.size());
  at::Tensor drawn = at::empty({std::min(count, available)}, at::kLong);
  for (int64_t i = 0; i < drawn.numel(); ++i) {
    std::swap(places[i], places[i + static_cast<int64_t>(random.below(static_cast<uint64_t>(available - i)))]);
    drawn.data_ptr<int64_t>()[i] = places[i];
  }
  return drawn;
}

/// Positives up to their fraction; negatives fill up what is left.
SampledLabels sample(const at::Tensor& labels, int64_t background, int64_t count, double positive_fraction, Random random) {
  const at::Tensor on_cpu = labels.to(at::kCPU, at::kLong).contiguous();
  const int64_t* label = on_cpu.const_data_ptr<int64_t>();
  std::vector<int64_t> positive, negative;
  for (int64_t i = 0; i < on_cpu.numel(); ++i)
    if (label[i] != -1) (label[i] == background ? negative : positive).push_back(i);
  SampledLabels sampled;
  sampled.positive = draw(std::move(positive), static_cast<int64_t>(static_cast<double>(count) * positive_fraction), random);
  sampled.negative = draw(std::move(negative), count - sampled.positive.numel(), random);
  return sampled;
}

}  // namespace

RandomDraws::RandomDraws(uint64_t seed, int64_t step, int64_t part)
    : key_(Random(Random(seed, static_cast<uint64_t>(step), Purpose::kPatchNoise).next(), static_cast<uint64_t>(part),
                  Purpose::kPatchNoise)
               .next()) {}

at::Tensor RandomDraws::patch_noise(int64_t pictures, int64_t patches) {
  at::Tensor noise = at::empty({pictures, patches}, at::kFloat);
  float* out = noise.data_ptr<float>();
  for (int64_t n = 0; n < pictures; ++n) {
    Random random(key_, static_cast<uint64_t>(n), Purpose::kPatchNoise);
    // The 24 bits that a float32 holds: more would round up to 1.
    for (int64_t i = 0; i < patches; ++i) *out++ = static_cast<float>(random.next() >> 40) * 0x1p-24f;
  }
  return noise;
}

SampledLabels RandomDraws::rpn_labels(int64_t picture, const at::Tensor& labels, int64_t count, double positive_fraction) {
  return sample(labels, 0, count, positive_fraction, Random(key_, static_cast<uint64_t>(picture), Purpose::kRpnLabels));
}

SampledLabels RandomDraws::roi_labels(int64_t picture, const at::Tensor& labels, int64_t background, int64_t count,
                                      double positive_fraction) {
  return sample(labels, background, count, positive_fraction, Random(key_, static_cast<uint64_t>(picture), Purpose::kRoiLabels));
}

at::Tensor RandomDraws::kept_branches(int64_t branch, int64_t pictures, double keep) {
  at::Tensor kept = at::empty({pictures}, at::kFloat);
  Random random(key_, static_cast<uint64_t>(branch), Purpose::kDropPath);
  for (int64_t n = 0; n < pictures; ++n) kept.data_ptr<float>()[n] = random.chance(keep) ? 1.0f : 0.0f;
  return kept;
}

}  // namespace mimdet
