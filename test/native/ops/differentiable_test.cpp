// The operators with gradients of their own against LibTorch's in float64: results, gradients of every argument, the same bits
// twice.
#include <ATen/Context.h>
#include <ATen/TensorOperators.h>
#include <ATen/ops/batch_norm.h>
#include <ATen/ops/conv2d.h>
#include <ATen/ops/conv_transpose2d.h>
#include <ATen/ops/gelu.h>
#include <ATen/ops/group_norm.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/randn.h>
#include <ATen/ops/relu.h>
#include <ATen/ops/zeros.h>
#include <torch/csrc/autograd/autograd.h>

#include <functional>
#include <vector>

#include "check.h"
#include "ops/attention.h"
#include "ops/autograd/attention.h"
#include "ops/autograd/batch_norm.h"
#include "ops/autograd/conv2d.h"
#include "ops/autograd/group_norm_gelu.h"
#include "ops/autograd/linear.h"

using namespace mimdet;

namespace {

using Tensors = std::vector<at::Tensor>;
using Operator = std::function<at::Tensor(const Tensors&)>;

/// The result, then the gradient of each argument.
Tensors run(const Operator& op, const Tensors& arguments, const at::Tensor& dy, at::ScalarType type) {
  Tensors leaves;
  for (const at::Tensor& argument : arguments)
    leaves.push_back(argument.defined() ? argument.to(type).detach().clone(at::MemoryFormat::Preserve).requires_grad_(true)
                                        : argument);
  const at::Tensor y = op(leaves);
  Tensors wanted;
  for (const at::Tensor& leaf : leaves)
    if (leaf.defined()) wanted.push_back(leaf);
  Tensors results = torch::autograd::grad({y}, wanted, {dy.to(type)}, std::nullopt, false, true);
  results.insert(results.begin(), y.detach());
  return results;
}

double distance(const at::Tensor& actual, const at::Tensor& expected) {
  if (!actual.defined() || actual.sizes() != expected.sizes()) return 1e9;
  const at::Tensor reference = expected.to(at::kDouble);
  const double norm = reference.norm().item().toDouble();
  return actual.to(at::kDouble).sub(reference).norm().item().toDouble() / (norm > 0 ? norm : 1);
}

void check_operator(const char* name, const Operator& ours, const Operator& libtorch, const Tensors& arguments,
                    double tolerance) {
  const at::Tensor y = libtorch(arguments);
  const at::Tensor dy = at::randn(y.sizes());
  const Tensors actual = run(ours, arguments, dy, at::kFloat), again = run(ours, arguments, dy, at::kFloat),
                expected = run(libtorch, arguments, dy, at::kDouble);
  const Tensors fallback = run(ours, arguments, dy, at::kDouble);
  for (size_t i = 0; i < expected.size(); ++i) {
    const double apart = distance(actual[i], expected[i]);
    if (!(apart < tolerance))
      test::report_failure(name, static_cast<int>(i),
                           "apart by " + std::to_string(apart * 1e6) + "e-6 (0: result, then gradients)");
    CHECK(actual[i].equal(again[i]));
    CHECK(distance(fallback[i], expected[i]) < 1e-12);
  }
}

at::Tensor weights(at::IntArrayRef sizes) { return at::randn(sizes).mul_(0.1); }

void check_convolution(int64_t in, int64_t out, int64_t kernel, int64_t stride, at::IntArrayRef nhw, bool bias = true,
                       Activation activation = Activation::kNone) {
  const at::Tensor x = at::randn({nhw[0], in, nhw[1], nhw[2]}), b = bias ? at::randn({out}) : at::Tensor();
  check_operator(
      "conv2d", [&](const Tensors& t) { return differentiable::conv2d(t[0], t[1], t[2], stride, activation); },
      [&](const Tensors& t) {
        const at::Tensor y = at::conv2d(t[0], t[1], t[2], stride, kernel / 2);
        return activation == Activation::kRelu ? at::relu(y) : y;
      },
      {x, weights({out, in, kernel, kernel}), b}, 5e-6);
}

}  // namespace

TEST("differentiable conv2d: 3x3 of stride 1, by Winograd and where the channels are few or do not fit") {
  at::manual_seed(1);
  for (int64_t side : {1, 2, 3, 4, 5, 7, 14, 23}) {
    check_convolution(64, 96, 3, 1, {3, side, side + 2});
    check_convolution(16, 32, 3, 1, {3, side, side + 2});
    check_convolution(5, 7, 3, 1, {2, side, side + 1});
  }
  check_convolution(64, 64, 3, 1, {2, 40, 37}, false);
  check_convolution(24, 48, 3, 1, {1, 9, 30}, true);
}

TEST("differentiable conv2d: stride 2, 1x1, 5x5, with ReLU, without bias") {
  at::manual_seed(2);
  for (int64_t side : {1, 2, 3, 9, 16}) {
    check_convolution(3, 24, 3, 2, {2, side, side + 3}, false);
    check_convolution(8, 19, 3, 2, {1, side + 1, side}, true);
    check_convolution(32, 48, 1, 1, {2, side, side + 1});
    check_convolution(3, 5, 1, 1, {2, side, side + 1}, false);
    check_convolution(6, 10, 5, 1, {1, side, side + 1});
    check_convolution(6, 10, 1, 2, {1, side, side + 1});
  }
  check_convolution(64, 3, 1, 1, {3, 40, 41});
}

TEST("differentiable conv2d: a gradient at a few pixels alone, and zeros that stay zero") {
  for (const int64_t kernel : {1, 3, 5}) {
    const at::Tensor x = at::randn({3, 16, 12, 10}), weight = weights({24, 16, kernel, kernel}), bias = weights({24});
    const auto theirs = [&](const Tensors& a) { return at::conv2d(a[0], a[1], a[2], 1, kernel / 2); };
    const auto ours = [&](const Tensors& a) { return differentiable::conv2d(a[0], a[1], a[2]); };
    at::Tensor dy = at::zeros({3, 24, 12, 10});
    dy.select(2, 0).select(2, 9).normal_();  // a corner of each picture
    dy[1].select(1, 5).normal_();            // a row of one
    const Tensors expected = run(theirs, {x, weight, bias}, dy, at::kDouble),
                  actual = run(ours, {x, weight, bias}, dy, at::kFloat);
    for (size_t i = 0; i < expected.size(); ++i) {
      CHECK(distance(actual[i], expected[i]) < 2e-6);
      CHECK_EQUAL(actual[i].ne(0).logical_and(expected[i].eq(0)).sum().item().toLong(), 0);
    }
  }
}

TEST("differentiable conv2d: ReLU lets a gradient through where the result is above zero") {
  at::manual_seed(3);
  // Away from zero, so that rounding moves no number over it.
  const auto far = [](const at::Tensor& t) { return t + t.sign() * 0.5; };
  const at::Tensor x = at::ones({2, 16, 6, 7}), weight = at::ones({32, 16, 3, 3}) * 0.1, bias = far(at::randn({32})) * 9;
  check_operator(
      "relu", [](const Tensors& t) { return differentiable::conv2d(t[0], t[1], t[2], 1, Activation::kRelu); },
      [](const Tensors& t) { return at::relu(at::conv2d(t[0], t[1], t[2], 1, 1)); }, {x, weight, bias}, 5e-6);
}

TEST("differentiable deconv2x2: equals at::conv_transpose2d") {
  at::manual_seed(4);
  for (int64_t out : {1, 8, 24, 33})
    for (int64_t pictures : {1, 5})
      check_operator(
          "deconv2x2", [](const Tensors& t) { return differentiable::deconv2x2(t[0], t[1], t[2]); },
          [](const Tensors& t) { return at::conv_transpose2d(t[0], t[1], t[2], 2); },
          {at::randn({pictures, 20, 5, 7}), weights({20, out, 2, 2}), at::randn({out})}, 2e-6);
}

TEST("differentiable linear: with activations, short and long, without bias") {
  at::manual_seed(5);
  for (int64_t rows : {1, 2, 7, 300, 2500})
    for (const auto& [in, out] : {std::pair<int64_t, int64_t>{1, 1}, {3, 17}, {48, 144}, {300, 21}, {770, 90}}) {
      const Tensors arguments{at::randn({rows, in}), weights({out, in}), at::randn({out})};
      check_operator(
          "linear", [](const Tensors& t) { return differentiable::linear(t[0], t[1], t[2]); },
          [](const Tensors& t) { return at::linear(t[0], t[1], t[2]); }, arguments, 2e-6);
      check_operator(
          "linear, gelu", [](const Tensors& t) { return differentiable::linear(t[0], t[1], t[2], Activation::kGelu); },
          [](const Tensors& t) { return at::gelu(at::linear(t[0], t[1], t[2])); }, arguments, 3e-6);
    }
  check_operator(
      "no bias", [](const Tensors& t) { return differentiable::linear(t[0], t[1], {}); },
      [](const Tensors& t) { return at::linear(t[0], t[1]); }, {at::randn({2, 9, 30}).transpose(0, 1), weights({21, 30})}, 2e-6);
}

TEST("differentiable attention: any length and width of a head") {
  at::manual_seed(6);
  const auto check = [](int64_t batch, int64_t length, int64_t heads, int64_t dim, double spread) {
    check_operator(
        "attention", [=](const Tensors& t) { return differentiable::attention(t[0], heads); },
        [=](const Tensors& t) { return attention_composite(t[0], heads); },
        {at::randn({batch, length, 3 * heads * dim}) * spread}, spread > 2 ? 2e-5 : 5e-6);
  };
  for (int64_t length : {1, 5, 16, 17, 255, 256, 257, 600}) check(2, length, 3, 32, 1);
  for (int64_t dim : {1, 4, 8, 20, 64, 80}) check(1, 70, 2, dim, 1);
  check(1, 300, 2, 64, 3);
}

TEST("differentiable batch_norm: results, gradients, running statistics, far from zero") {
  at::manual_seed(7);
  for (int64_t channels : {1, 5, 8, 64, 100})
    for (double offset : {0.0, 30.0})
      for (bool relu : {false, true}) {
        const at::Tensor x = at::randn({3, channels, 37, 41}) + offset;
        std::vector<at::Tensor> statistics[2];
        for (auto& pair : statistics) pair = {at::zeros({channels}), at::ones({channels})};
        const auto ours = [&](const Tensors& t) {
          statistics[0] = {at::zeros({channels}, t[0].options()), at::ones({channels}, t[0].options())};
          return differentiable::batch_norm(t[0], t[1], t[2], statistics[0][0], statistics[0][1], 0.1, 1e-5,
                                            relu ? Activation::kRelu : Activation::kNone);
        };
        const auto libtorch = [&](const Tensors& t) {
          statistics[1] = {at::zeros({channels}, t[0].options()), at::ones({channels}, t[0].options())};
          const at::Tensor y = at::batch_norm(t[0], t[1], t[2], statistics[1][0], statistics[1][1], true, 0.1, 1e-5, false);
          return relu ? at::relu(y) : y;
        };
        // ReLU is left out of the gradients' check where a number lies near its corner: each wrong one costs its whole gradient.
        check_operator("batch_norm", ours, libtorch, {x, at::randn({channels}), at::randn({channels})},
                       relu         ? 2e-3
                       : offset > 0 ? 2e-5
                                    : 3e-6);
        run(ours, {x, at::ones({channels}), at::zeros({channels})}, at::ones(x.sizes()), at::kFloat);
        run(libtorch, {x, at::ones({channels}), at::zeros({channels})}, at::ones(x.sizes()), at::kDouble);
        CHECK(distance(statistics[0][0] + 1, statistics[1][0] + 1) < 1e-6);
        CHECK(distance(statistics[0][1], statistics[1][1]) < 1e-6);
      }
}

TEST("differentiable group_norm_gelu: equals group_norm and gelu") {
  at::manual_seed(8);
  for (int64_t channels : {1, 6, 24, 100})
    for (double offset : {0.0, 10.0})
      check_operator(
          "group_norm_gelu", [](const Tensors& t) { return differentiable::group_norm_gelu(t[0], t[1], t[2], 1e-6); },
          [](const Tensors& t) { return at::gelu(at::group_norm(t[0], 1, t[1], t[2], 1e-6)); },
          {at::randn({2, channels, 33, 41}) + offset, at::randn({channels}), at::randn({channels})}, offset > 0 ? 1e-5 : 4e-6);
}

TEST("differentiable operators: nothing in, nothing out, and gradients of zero") {
  const auto check = [](const Operator& op, const Tensors& arguments) {
    const Tensors results = run(op, arguments, op(arguments).detach(), at::kFloat);
    CHECK_EQUAL(results[0].numel(), 0);
    for (size_t i = 1; i < results.size(); ++i) CHECK(results[i].defined() && results[i].abs().sum().item().toDouble() == 0);
  };
  check([](const Tensors& t) { return differentiable::conv2d(t[0], t[1], t[2]); },
        {at::zeros({0, 16, 7, 7}), at::ones({16, 16, 3, 3}), at::ones({16})});
  check([](const Tensors& t) { return differentiable::deconv2x2(t[0], t[1], t[2]); },
        {at::zeros({0, 16, 7, 7}), at::ones({16, 8, 2, 2}), at::ones({8})});
  check([](const Tensors& t) { return differentiable::linear(t[0], t[1], t[2]); },
        {at::zeros({0, 16}), at::ones({8, 16}), at::ones({8})});
  check(
      [](const Tensors& t) {
        return differentiable::batch_norm(t[0], t[1], t[2], at::zeros({16}), at::ones({16}), 0.1, 1e-5, Activation::kRelu);
      },
      {at::zeros({0, 16, 7, 7}), at::ones({16}), at::ones({16})});
}
