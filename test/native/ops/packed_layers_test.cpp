// The layers with packed weights, and attention, against their plain LibTorch forms.
#include <ATen/Context.h>
#include <ATen/TensorOperators.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/conv2d.h>
#include <ATen/ops/conv_transpose2d.h>
#include <ATen/ops/full.h>
#include <ATen/ops/gelu.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/randn.h>
#include <ATen/ops/zeros.h>
#include <c10/core/InferenceMode.h>

#include <cmath>
#include <limits>

#include "check.h"
#include "ops/attention.h"
#include "ops/conv2d.h"
#include "ops/cpu/kernels.h"
#include "ops/group_norm_gelu.h"
#include "ops/linear.h"
#include "threads.h"

using namespace mimdet;

namespace {

constexpr auto kChannelsLast = at::MemoryFormat::ChannelsLast;

/// No autograd, and the same numbers in every run.
struct Setting {
  c10::InferenceMode inference;
  Setting() { at::manual_seed(7); }
};

/// Relative Frobenius distance of `actual` from `expected`; of equal shapes, else infinite.
double distance(const at::Tensor& actual, const at::Tensor& expected) {
  if (actual.sizes() != expected.sizes()) return std::numeric_limits<double>::infinity();
  const at::Tensor reference = expected.to(at::kDouble);
  const double norm = reference.norm().item().toDouble();
  return actual.to(at::kDouble).sub(reference).norm().item().toDouble() / (norm > 0 ? norm : 1);
}

at::Tensor weights(at::IntArrayRef sizes) { return at::randn(sizes).mul_(0.05); }
at::Tensor wide(const at::Tensor& t) { return t.to(at::kDouble); }
bool same_bits(const at::Tensor& a, const at::Tensor& b) { return a.sizes() == b.sizes() && a.equal(b); }

void check_convolution(int64_t in, int64_t out, int64_t side, int64_t stride, int64_t height, int64_t width, int64_t pictures = 1) {
  const at::Tensor x = at::randn({pictures, in, height, width}), weight = weights({out, in, side, side}), bias = at::randn({out});
  const at::Tensor expected = at::conv2d(wide(x), wide(weight), wide(bias), stride, side / 2);
  const PackedConv2d plain(weight, bias, stride), rectified(weight, bias, stride, Activation::kRelu);
  CHECK(distance(plain(x), expected) < 4e-6);
  CHECK(distance(plain(x.contiguous(kChannelsLast)), expected) < 4e-6);
  CHECK(distance(rectified(x), expected.relu()) < 4e-6);
  CHECK(distance(PackedConv2d(weight, {}, stride)(x), expected - wide(bias).view({1, -1, 1, 1})) < 4e-6);
}

void check_attention(int64_t batch, int64_t length, int64_t heads, int64_t dim, double spread) {
  const at::Tensor qkv = at::randn({batch, length, 3 * heads * dim}) * spread;
  CHECK(distance(attention(qkv, heads), attention_composite(wide(qkv), heads)) < 3e-6);
}

}  // namespace

TEST("PackedLinear: equals at::linear for whole and cut tiles, panels and blocks of depth") {
  const Setting setting;
  for (int64_t rows : {1, 2, 5, 6, 7, 13, 300})
    for (int64_t depth : {1, 3, 48, 769, 1600})
      for (int64_t columns : {1, 4, 16, 17, 81, 320}) {
        const at::Tensor x = at::randn({rows, depth}), weight = weights({columns, depth}), bias = at::randn({columns});
        CHECK(distance(PackedLinear(weight, bias)(x), at::linear(wide(x), wide(weight), wide(bias))) < 2e-6);
      }
}

TEST("PackedLinear: activations, no bias, strided and empty input") {
  const Setting setting;
  const at::Tensor x = at::randn({2, 9, 30}), weight = weights({21, 30}) * 20, bias = at::randn({21});
  const at::Tensor expected = at::linear(wide(x), wide(weight), wide(bias));
  CHECK(distance(PackedLinear(weight, bias, Activation::kRelu)(x), expected.relu()) < 2e-6);
  CHECK(distance(PackedLinear(weight, bias, Activation::kGelu)(x), at::gelu(expected)) < 2e-6);
  CHECK(distance(PackedLinear(weight)(x), at::linear(wide(x), wide(weight))) < 2e-6);
  const at::Tensor strided = at::randn({2, 30, 9}).transpose(1, 2);
  CHECK(distance(PackedLinear(weight.t().contiguous().t(), bias)(strided), at::linear(wide(strided), wide(weight), wide(bias))) < 2e-6);
  CHECK_EQUAL(PackedLinear(weight, bias)(at::zeros({0, 30})).size(1), 21);
}

TEST("PackedLinear: add_to adds to what is there, and refuses an activation or another shape") {
  const Setting setting;
  const at::Tensor x = at::randn({40, 900}), weight = weights({50, 900}), bias = at::randn({50}), sum = at::randn({40, 50});
  at::Tensor y = sum.clone();
  PackedLinear(weight, bias).add_to(y, x);
  CHECK(distance(y, wide(sum) + at::linear(wide(x), wide(weight), wide(bias))) < 2e-6);
  CHECK_FAILS(PackedLinear(weight, bias, Activation::kRelu).add_to(y, x), ErrorCode::kInternal, "activation");
  CHECK_FAILS(PackedLinear(weight, bias)(at::randn({3, 899})), ErrorCode::kInternal, "899");
}

TEST("PackedLinear: other precisions take the LibTorch way") {
  const Setting setting;
  const at::Tensor x = at::randn({5, 12}).to(at::kDouble), weight = wide(weights({7, 12})), bias = wide(at::randn({7}));
  CHECK(distance(PackedLinear(weight, bias, Activation::kGelu)(x), at::gelu(at::linear(x, weight, bias))) < 1e-12);
}

TEST("PackedConv2d: 3x3 with stride 1 (Winograd, and patches where the channels are few or do not fit)") {
  const Setting setting;
  for (int64_t side : {1, 3, 4, 7, 14, 21}) {
    check_convolution(64, 96, 3, 1, side, side + 2, 3);
    check_convolution(16, 32, 3, 1, side, side + 2, 3);
    check_convolution(5, 7, 3, 1, side, side + 1, 2);
  }
  check_convolution(256, 256, 3, 1, 14, 14);
}

TEST("PackedConv2d: stride 2, 1x1 and 5x5") {
  const Setting setting;
  for (int64_t side : {1, 2, 9, 16}) {
    check_convolution(3, 24, 3, 2, side, side + 3, 2);
    check_convolution(32, 48, 1, 1, side, side + 1, 2);
    check_convolution(6, 10, 5, 1, side, side + 1);
    check_convolution(6, 10, 1, 2, side, side + 1);
  }
}

TEST("PackedConv2d: a batch of many gives the bits of each alone; the number of threads changes none") {
  const Setting setting;
  const PackedConv2d convolution(weights({64, 64, 3, 3}), at::randn({64}));
  const at::Tensor x = at::randn({9, 64, 7, 7});
  const at::Tensor together = convolution(x);
  for (int64_t i = 0; i < 9; ++i) CHECK(same_bits(together.slice(0, i, i + 1), convolution(x.slice(0, i, i + 1))));
  const test::Threads one(1);
  CHECK(same_bits(together, convolution(x)));
}

TEST("PackedConv2d: no pictures, wrong channels, NaN stays where it can be seen") {
  const Setting setting;
  const PackedConv2d convolution(weights({64, 64, 3, 3}), {}, 1, Activation::kRelu);
  CHECK_EQUAL(convolution(at::zeros({0, 64, 7, 7})).size(1), 64);
  CHECK_FAILS(convolution(at::zeros({1, 8, 7, 7})), ErrorCode::kInternal, "64 channels");
  CHECK(convolution(at::full({1, 64, 7, 7}, std::numeric_limits<float>::quiet_NaN())).isnan().all().item().toBool());
}

TEST("PackedConv2d: add_to is a 1x1 convolution added in place") {
  const Setting setting;
  const at::Tensor x = at::randn({2, 24, 5, 6}), weight = weights({40, 24, 1, 1}), bias = at::randn({40}), sum = at::randn({2, 40, 5, 6});
  const at::Tensor expected = wide(sum) + at::conv2d(wide(x), wide(weight), wide(bias));
  for (const at::Tensor& start : {sum, sum.contiguous(kChannelsLast)}) {
    at::Tensor y = start.clone();
    PackedConv2d(weight, bias).add_to(y, x);
    CHECK(distance(y, expected) < 2e-6);
  }
}

TEST("PackedDeconv2x2: equals at::conv_transpose2d") {
  const Setting setting;
  for (int64_t out : {1, 8, 24, 33}) {
    const at::Tensor x = at::randn({3, 20, 5, 7}), weight = weights({20, out, 2, 2}), bias = at::randn({out});
    const at::Tensor expected = at::conv_transpose2d(wide(x), wide(weight), wide(bias), 2);
    CHECK(distance(PackedDeconv2x2(weight, bias)(x), expected) < 2e-6);
    CHECK(distance(PackedDeconv2x2(weight, bias, Activation::kRelu)(x), expected.relu()) < 2e-6);
    CHECK(distance(PackedDeconv2x2(wide(weight), wide(bias))(wide(x)), expected) < 1e-12);
  }
}

TEST("linear: with int8 weights it is as near to the exact result as eight bits can tell") {
  const Setting setting;
  if (!Int8Product::supported()) return;  // the processor has no instructions for it, and the package refuses int8 there
  for (const Activation activation : {Activation::kNone, Activation::kRelu, Activation::kGelu}) {
    const at::Tensor x = at::randn({2, 31, 96}), weight = weights({200, 96}), bias = at::randn({200});
    const at::Tensor exact = at::linear(wide(x), wide(weight), wide(bias));
    const at::Tensor expected = activation == Activation::kNone ? exact : activation == Activation::kRelu ? exact.relu() : at::gelu(exact);
    const PackedLinear layer(weight, bias, activation, WeightForm::kInt8);
    CHECK(distance(layer(x), expected) < 0.02);
    CHECK(distance(layer(x), expected) > 1e-4);
    CHECK_EQUAL(layer(at::zeros({0, 96})).size(1), 200);
  }
  const at::Tensor x = at::randn({5, 64}), weight = weights({32, 64});
  at::Tensor sum = at::ones({5, 32});
  PackedLinear(weight, {}, Activation::kNone, WeightForm::kInt8).add_to(sum, x);
  CHECK(distance(sum, at::linear(wide(x), wide(weight)) + 1) < 0.02);
}

TEST("conv2d: in bfloat16 it is as near to the exact result as bfloat16 can tell, channels last") {
  const Setting setting;
  for (int64_t side : {1, 3}) {
    const at::Tensor x = at::randn({2, 24, 19, 23}).to(at::kBFloat16), weight = weights({40, 24, side, side}).to(at::kBFloat16), bias = at::randn({40}).to(at::kBFloat16);
    const at::Tensor found = PackedConv2d(weight, bias)(x);
    CHECK(distance(found, at::conv2d(wide(x), wide(weight), wide(bias), 1, side / 2)) < 5e-3);
    CHECK(found.is_contiguous(kChannelsLast));
  }
}

TEST("attention: equals scaled_dot_product_attention for any length and width of a head") {
  const Setting setting;
  for (int64_t length : {1, 5, 16, 17, 255, 256, 257, 600}) check_attention(2, length, 3, 32, 1);
  for (int64_t dim : {1, 4, 8, 20, 64, 80}) check_attention(1, 70, 2, dim, 1);
  CHECK_EQUAL(attention(at::zeros({1, 0, 48}), 2).size(2), 16);
}

TEST("attention: in bfloat16 it is as near to the exact result as bfloat16 can tell, and cutting changes no bit") {
  const Setting setting;
  for (int64_t dim : {32, 64, 48})  // the matrix tiles of a processor that has them serve the first two
    for (int64_t length : {1, 15, 16, 17, 33, 64, 65, 255, 256, 257, 600})
      for (double spread : {1.0, 4.0}) {
        const at::Tensor qkv = (at::randn({2, length, 3 * 3 * dim}) * spread).to(at::kBFloat16);
        const at::Tensor found = attention(qkv, 3);
        CHECK_EQUAL(found.scalar_type(), at::kBFloat16);
        CHECK(distance(found, attention_composite(wide(qkv), 3)) < 5e-3);
        CHECK(same_bits(found.slice(0, 1, 2), attention(qkv.slice(0, 1, 2), 3)));
      }
  at::Tensor broken = at::randn({1, 70, 3 * 64}).to(at::kBFloat16);
  broken.select(1, 69).fill_(std::numeric_limits<float>::quiet_NaN());
  CHECK(attention(broken, 1).isnan().all().item().toBool());
}

TEST("attention: scores of hundreds neither overflow nor vanish") {
  const Setting setting;
  check_attention(1, 700, 2, 64, 6);
  const at::Tensor rising = at::randn({1, 600, 3 * 8}) + at::arange(600).view({1, 600, 1}) * 0.05;  // the largest score moves on
  CHECK(distance(attention(rising, 1), attention_composite(wide(rising), 1)) < 1e-5);
}

TEST("attention: NaN in, NaN out; a batch gives the bits of each alone") {
  const Setting setting;
  at::Tensor qkv = at::randn({3, 130, 3 * 2 * 16});
  const at::Tensor together = attention(qkv, 2);
  for (int64_t i = 0; i < 3; ++i) CHECK(same_bits(together.slice(0, i, i + 1), attention(qkv.slice(0, i, i + 1), 2)));
  qkv.select(0, 1).fill_(std::numeric_limits<float>::quiet_NaN());
  const at::Tensor broken = attention(qkv, 2);
  CHECK(broken.select(0, 1).isnan().all().item().toBool());
  CHECK(!broken.select(0, 0).isnan().any().item().toBool());
}

TEST("group_norm_gelu: equals group_norm and gelu, far from zero too, in both layouts") {
  const Setting setting;
  for (int64_t channels : {1, 6, 24, 100})
    for (double offset : {0.0, 100.0}) {
      const at::Tensor x = at::randn({2, channels, 33, 41}) + offset, scale = at::randn({channels}), shift = at::randn({channels});
      const at::Tensor expected = group_norm_gelu_composite(wide(x), wide(scale), wide(shift), 1e-6);
      CHECK(distance(group_norm_gelu(x.clone(), scale, shift, 1e-6), expected) < 2e-6);
      CHECK(distance(group_norm_gelu_by_sums(x, scale, shift, 1e-6), expected) < 2e-6);
      CHECK(distance(group_norm_gelu(x.contiguous(kChannelsLast), scale, shift, 1e-6), expected) < 2e-6);
    }
}
