// Draws: how many, of what, and always the same for the same name.
#include "model/label_sampler.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/full.h>
#include <ATen/ops/zeros.h>

#include "check.h"

using namespace mimdet;

namespace {

/// `positive` ones, then `negative` zeros, then as many to ignore.
at::Tensor labels_of(int64_t positive, int64_t negative, int64_t ignored) {
  return at::cat({at::full({positive}, 1, at::kLong), at::full({negative}, 0, at::kLong), at::full({ignored}, -1, at::kLong)});
}

void check_counts(const SampledLabels& sampled, int64_t positive, int64_t negative) {
  CHECK_EQUAL(sampled.positive.numel(), positive);
  CHECK_EQUAL(sampled.negative.numel(), negative);
}

bool distinct(const at::Tensor& places) { return std::get<0>(places.sort()).diff().gt(0).all().item<bool>(); }

}  // namespace

TEST("RandomDraws: positives up to their fraction, negatives fill up") {
  RandomDraws draws(1, 1);
  check_counts(draws.rpn_labels(0, labels_of(500, 500, 9), 256, 0.5), 128, 128);
  check_counts(draws.rpn_labels(0, labels_of(10, 500, 9), 256, 0.5), 10, 246);
  check_counts(draws.rpn_labels(0, labels_of(10, 20, 9), 256, 0.5), 10, 20);
  check_counts(draws.rpn_labels(0, labels_of(0, 0, 9), 256, 0.5), 0, 0);
  check_counts(draws.rpn_labels(0, labels_of(500, 0, 0), 255, 0.25), 63, 0);  // int(255 · 0.25)
}

TEST("RandomDraws: drawn places are distinct and of their kind") {
  const at::Tensor labels = labels_of(300, 400, 50);
  const SampledLabels sampled = RandomDraws(1, 1).rpn_labels(0, labels, 256, 0.5);
  CHECK(distinct(sampled.positive) && distinct(sampled.negative));
  CHECK(labels.index_select(0, sampled.positive).eq(1).all().item<bool>());
  CHECK(labels.index_select(0, sampled.negative).eq(0).all().item<bool>());
}

TEST("RandomDraws: RoIs are sampled by class, the background's is the last") {
  const at::Tensor classes = at::arange(0, 100, at::kLong).remainder(4);  // 3 is background
  const SampledLabels sampled = RandomDraws(1, 1).roi_labels(0, classes, 3, 40, 0.25);
  check_counts(sampled, 10, 25);
  CHECK(classes.index_select(0, sampled.positive).lt(3).all().item<bool>());
}

TEST("RandomDraws: the same name gives the same draw, another name another one") {
  const at::Tensor labels = labels_of(3000, 3000, 0);
  const auto draw = [&](RandomDraws draws, int64_t picture) { return draws.rpn_labels(picture, labels, 256, 0.5).positive; };
  const at::Tensor first = draw({7, 3, 0}, 2);
  CHECK(at::equal(first, draw({7, 3, 0}, 2)));
  for (const at::Tensor& other : {draw({8, 3, 0}, 2), draw({7, 4, 0}, 2), draw({7, 3, 1}, 2), draw({7, 3, 0}, 3)})
    CHECK(!at::equal(first, other));
}

TEST("RandomDraws: every place is about as likely") {
  at::Tensor times = at::zeros({40}, at::kLong);
  for (int64_t step = 0; step < 4000; ++step)
    times.index_add_(0, RandomDraws(5, step).rpn_labels(0, labels_of(40, 0, 0), 10, 1).positive, at::full({10}, 1, at::kLong));
  CHECK(times.min().item<int64_t>() > 850 && times.max().item<int64_t>() < 1150);  // 1000 expected, deviation 27
}

TEST("RandomDraws: noise is uniform in [0, 1), branches are kept with their probability") {
  RandomDraws draws(5, 9);
  const at::Tensor noise = draws.patch_noise(8, 5000);
  CHECK(noise.min().item<float>() >= 0 && noise.max().item<float>() < 1);
  CHECK(std::abs(noise.mean().item<float>() - 0.5f) < 0.01f);
  CHECK(std::abs(noise.var().item<float>() - 1 / 12.f) < 0.005f);
  CHECK(!at::equal(noise[0], noise[1]));
  const at::Tensor kept = draws.kept_branches(3, 20000, 0.7);
  CHECK(std::abs(kept.mean().item<float>() - 0.7f) < 0.02f);
  CHECK(kept.eq(0).logical_or(kept.eq(1)).all().item<bool>());
  CHECK(!at::equal(kept, draws.kept_branches(4, 20000, 0.7)));
}
