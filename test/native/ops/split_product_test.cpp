// Float32 products by tiles of bfloat16, against sums in float64.
#include "ops/cpu/split_product.h"

#include <cmath>
#include <random>
#include <vector>

#include "check.h"
#include "ops/cpu/product.h"
#include "threads.h"

using namespace mimdet;
using namespace mimdet::cpu;

namespace {

struct Case {
  int64_t rows, depth, columns;
  Activation activation = Activation::kNone;
  bool accumulate = false;
};

constexpr float kStart = 0.5f;    // what C holds before
constexpr float kBeside = -77.f;  // what lies between its rows

struct Matrices {
  int64_t a_stride, c_stride;
  std::vector<float> a, weight, bias, packed, c;

  explicit Matrices(const Case& s)
      : a_stride(s.depth + 3),
        c_stride(s.columns + 5),
        a(static_cast<size_t>(s.rows * a_stride)),
        weight(static_cast<size_t>(s.columns * s.depth)),
        bias(static_cast<size_t>(round_up(s.columns, kSplitColumns))),
        packed(static_cast<size_t>(tile_order_size(s.columns, s.depth))),
        c(static_cast<size_t>(s.rows * c_stride), kBeside) {
    std::mt19937 random(7);
    for (auto* values : {&a, &weight, &bias})
      for (float& value : *values) value = std::normal_distribution<float>()(random);
    for (int64_t i = 0; i < s.rows; ++i) std::fill_n(c.begin() + i * c_stride, s.columns, kStart);
    pack_in_tile_order(weight.data(), s.columns, s.depth, packed.data());
  }

  MatrixProduct product(const Case& s) {
    return {.a = a.data(), .a_stride = a_stride, .weight = packed.data(), .bias = bias.data(), .c = c.data(), .c_stride = c_stride,
            .rows = s.rows, .depth = s.depth, .columns = s.columns, .activation = s.activation, .accumulate = s.accumulate};
  }

  double exact(const Case& s, int64_t row, int64_t column) const {
    double sum = bias[column] + (s.accumulate ? kStart : 0.f);
    for (int64_t k = 0; k < s.depth; ++k) sum += static_cast<double>(a[row * a_stride + k]) * weight[column * s.depth + k];
    if (s.activation == Activation::kRelu) return std::max(sum, 0.0);
    return s.activation == Activation::kGelu ? sum * 0.5 * std::erfc(-sum * std::sqrt(0.5)) : sum;
  }
};

/// The largest error, of products whose numbers are around the root of the depth.
double largest_error(const Case& s) {
  Matrices m(s);
  multiply_split(m.product(s));
  double largest = 0;
  for (int64_t row = 0; row < s.rows; ++row) {
    for (int64_t column = 0; column < s.columns; ++column)
      largest = std::max(largest, std::abs(m.c[row * m.c_stride + column] - m.exact(s, row, column)));
    for (int64_t column = s.columns; column < m.c_stride; ++column) CHECK(m.c[row * m.c_stride + column] == kBeside);
  }
  return largest / std::sqrt(static_cast<double>(s.depth));
}

}  // namespace

TEST("split_product: any number of rows and columns, any depth") {
  if (!has_matrix_tiles()) return mimdet::test::report_skip("no matrix tiles");
  for (const int64_t rows : {1, 31, 33, 200})
    for (const int64_t depth : {1, 32, 65, 800})
      for (const int64_t columns : {1, 17, 64, 70}) CHECK(largest_error({rows, depth, columns}) < 2e-6);
}

TEST("split_product: activations, and sums that go on") {
  if (!has_matrix_tiles()) return mimdet::test::report_skip("no matrix tiles");
  for (const Activation activation : {Activation::kNone, Activation::kRelu, Activation::kGelu})
    for (const bool accumulate : {false, true})
      for (const int64_t depth : {96, 1600}) CHECK(largest_error({40, depth, 70, activation, accumulate}) < 2e-6);
}

TEST("split_product: nearer to the exact product than float32's own sum") {
  if (!has_matrix_tiles()) return mimdet::test::report_skip("no matrix tiles");
  const Case s{64, 2000, 64};
  Matrices m(s);
  double plain = 0;
  for (int64_t row = 0; row < s.rows; ++row)
    for (int64_t column = 0; column < s.columns; ++column) {
      float sum = m.bias[column];
      for (int64_t k = 0; k < s.depth; ++k) sum += m.a[row * m.a_stride + k] * m.weight[column * s.depth + k];
      plain = std::max(plain, std::abs(sum - m.exact(s, row, column)));
    }
  CHECK(largest_error(s) < 0.5 * plain / std::sqrt(static_cast<double>(s.depth)));
}

TEST("split_product: an element has the same bits however the work is shared") {
  if (!has_matrix_tiles()) return mimdet::test::report_skip("no matrix tiles");
  for (const int64_t rows : {1, 40, 700}) {
    const Case s{rows, 900, 130, Activation::kGelu};
    Matrices alone(s), shared(s);
    multiply_split(alone.product(s));
    for (const int threads : {1, 2, 3}) {
      const mimdet::test::Threads with(threads);
      share_split_product(shared.product(s));
      CHECK(shared.c == alone.c);
    }
  }
}

TEST("split_product: what is not finite stays so, where it is") {
  if (!has_matrix_tiles()) return mimdet::test::report_skip("no matrix tiles");
  const Case s{64, 64, 64, Activation::kRelu};
  for (const float value : {std::nanf(""), INFINITY}) {
    Matrices m(s);
    m.a[5 * m.a_stride + 3] = value;
    multiply_split(m.product(s));
    for (int64_t row = 0; row < s.rows; ++row)
      for (int64_t column = 0; column < s.columns; ++column) CHECK(std::isfinite(m.c[row * m.c_stride + column]) == (row != 5));
  }
}
