// The length of all gradients together: one number, however it is summed.
#include <ATen/Context.h>
#include <ATen/ops/full.h>
#include <ATen/ops/randn.h>

#include <cmath>
#include <limits>

#include "check.h"
#include "train/gradient_norm.h"

using namespace mimdet;

TEST("gradient_norm: of all numbers together, undefined gradients counting nothing") {
  const std::vector<at::Tensor> gradients = {at::full({3}, 2.0f), {}, at::full({2, 2}, 1.0f)};
  CHECK_EQUAL(gradient_norm(gradients), 4.0);
  CHECK(std::abs(gradient_norm_anywhere(gradients) - 4) < 1e-14);
  CHECK_EQUAL(gradient_norm({}), 0.0);
  CHECK_EQUAL(gradient_norm_anywhere({{}}), 0.0);
}

TEST("gradient_norm: the form for any device gives the same number") {
  at::manual_seed(3);
  const std::vector<at::Tensor> gradients = {at::randn({1000, 100}), at::randn({7}), at::randn({3, 50, 60}).transpose(0, 2)};
  const double norm = gradient_norm(gradients);
  CHECK(std::abs(gradient_norm_anywhere(gradients) - norm) < 1e-12 * norm);
}

TEST("gradient_norm: not finite where a number is not") {
  const std::vector<at::Tensor> gradients = {at::full({3}, 2.0f), at::full({1}, std::numeric_limits<float>::infinity())};
  CHECK(!std::isfinite(gradient_norm(gradients)));
  CHECK(!std::isfinite(gradient_norm_anywhere(gradients)));
}
