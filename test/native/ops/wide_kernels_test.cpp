// The kernels for vectors of 16, which most machines that run the tests lack, are the same source as those for 8: here it is compiled for
// 16 lanes and 12 rows with the instructions that are there, and both are run on the same input.
#include <cmath>
#include <random>
#include <vector>

#include "check.h"
#include "ops/cpu/kernels.h"
#include "ops/cpu/pack.h"

#ifdef __x86_64__
#define MIMDET_TARGET "avx2,fma"

namespace mimdet::cpu {
namespace {

constexpr int kLanes = 16, kTile = 12;
#include "ops/cpu/kernels.inl"

}  // namespace
}  // namespace mimdet::cpu

using namespace mimdet;
using namespace mimdet::cpu;

namespace {

constexpr Kernels kWide = make_kernels("16 lanes");

std::vector<float> noise(int64_t count) {
  static std::mt19937 random(5);
  std::normal_distribution<float> normal;
  std::vector<float> values(count);
  for (float& value : values) value = normal(random);
  return values;
}

void check_close(const std::vector<float>& a, const std::vector<float>& b) {
  double difference = 0, norm = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    difference += (a[i] - b[i]) * static_cast<double>(a[i] - b[i]);
    norm += static_cast<double>(b[i]) * b[i];
  }
  CHECK(a.size() == b.size() && std::sqrt(difference) <= 2e-6 * std::sqrt(norm));
}

std::vector<float> product(const Kernels& k, int64_t rows, int64_t depth, int64_t columns, Activation activation) {
  std::mt19937 random(9);
  std::vector<float> a(rows * depth), weight(columns * depth), c(rows * columns, 0.5f), bias(round_up(columns, k.panel));
  for (auto* values : {&a, &weight}) for (float& value : *values) value = std::normal_distribution<float>()(random);
  std::vector<float> packed(packed_size(k.panel, columns, depth));
  pack_weight(k, weight.data(), columns, depth, packed.data());
  k.multiply({.a = a.data(), .a_stride = depth, .weight = packed.data(), .bias = bias.data(), .c = c.data(), .c_stride = columns,
              .rows = rows, .depth = depth, .columns = columns, .activation = activation, .accumulate = true});
  return c;
}

std::vector<float> attended(const Kernels& k, const std::vector<float>& qkv, int64_t length, int64_t dim) {
  std::vector<float> keys(packed_size(k.attention_tile, length, dim)), values(packed_size(k.attention_tile, dim, length)), out(length * dim),
      scratch(k.attention_scratch(dim));
  pack_keys(k.attention_tile, qkv.data() + dim, 3 * dim, length, dim, 0.2f, keys.data());
  pack_values(k.attention_tile, qkv.data() + 2 * dim, 3 * dim, length, dim, values.data());
  k.attend({.q = qkv.data(), .q_stride = 3 * dim, .keys = keys.data(), .values = values.data(), .out = out.data(), .out_stride = dim,
            .rows = length, .length = length, .dim = dim, .scratch = scratch.data()});
  return out;
}

/// One tile of a 3×3 convolution with `channels` in and one matrix of ones a point in place of the weights.
std::vector<float> tile(const Kernels& k, const std::vector<float>& pixels, int64_t channels) {
  std::vector<float> points(36 * channels), out(16 * channels);
  WinogradInput input{.pixels = {}, .points = points.data(), .point_stride = channels, .lanes_stride = k.lanes, .channels = channels};
  for (int p = 0; p < 36; ++p) input.pixels[p] = pixels.data() + p * channels;
  k.winograd_input(input);
  WinogradOutput output{.points = points.data(), .point_stride = channels, .pixels = {}, .bias = pixels.data(), .channels = channels, .relu = true};
  for (int p = 0; p < 16; ++p) output.pixels[p] = out.data() + p * channels;
  k.winograd_output(output);
  return out;
}

}  // namespace

TEST("kernels: vectors of 16 give what vectors of 8 give, in products") {
  if (!avx2_kernels()) return test::report_skip("no AVX2");
  for (int64_t rows : {1, 11, 12, 13, 40})
    for (int64_t columns : {1, 31, 32, 100})
      for (Activation activation : {Activation::kNone, Activation::kRelu, Activation::kGelu})
        check_close(product(kWide, rows, 900, columns, activation), product(*avx2_kernels(), rows, 900, columns, activation));
}

TEST("kernels: vectors of 16 give what vectors of 8 give, in attention, transforms and norms") {
  if (!avx2_kernels()) return test::report_skip("no AVX2");
  for (int64_t length : {1, 33, 300})
    for (int64_t dim : {8, 32, 64}) {
      const auto qkv = noise(length * 3 * dim);
      check_close(attended(kWide, qkv, length, dim), attended(*avx2_kernels(), qkv, length, dim));
    }
  const auto pixels = noise(36 * 48), scale = noise(21), shift = noise(21);
  check_close(tile(kWide, pixels, 48), tile(*avx2_kernels(), pixels, 48));
  std::vector<float> a = noise(21 * 10), b = a;
  double mean[2], squares[2];
  kWide.moments(a.data(), 210, &mean[0], &squares[0]);
  avx2_kernels()->moments(b.data(), 210, &mean[1], &squares[1]);
  CHECK(std::abs(mean[0] - mean[1]) < 1e-6 && std::abs(squares[0] / squares[1] - 1) < 1e-6);
  kWide.affine_gelu(a.data(), 0.1f, scale.data(), shift.data(), 10, 21);
  avx2_kernels()->affine_gelu(b.data(), 0.1f, scale.data(), shift.data(), 10, 21);
  check_close(a, b);
}

TEST("kernels: this processor's best are what the others are") {
  if (!kernels() || kernels() == avx2_kernels()) return test::report_skip("nothing above AVX2");
  check_close(product(*kernels(), 40, 900, 100, Activation::kGelu), product(*avx2_kernels(), 40, 900, 100, Activation::kGelu));
}
#endif
