#include <ATen/Parallel.h>

#include <algorithm>
#include <vector>

#include "ops/cpu/product.h"

namespace mimdet::cpu {
namespace {

constexpr int64_t kSmallResult =
    1 << 16;  // floats: up to here, sums of parts of the depth cost less than reading it in several threads
constexpr int64_t kDepthAPart = 1024, kMaxParts = 16;

void multiply_part(const Kernels& k, TransposedProduct part, std::vector<float>& scratch) {
  scratch.resize(k.transposed_scratch);
  part.scratch = scratch.data();
  k.multiply_transposed(part);
}

/// Parts of the depth, the same ones for any number of threads.
void share_depth(const Kernels& k, const TransposedProduct& p, int64_t parts) {
  const int64_t size = p.rows * p.columns;
  std::vector<float> sums(parts * size, 0.f);
  at::parallel_for(0, parts, 1, [&](int64_t begin, int64_t end) {
    std::vector<float> scratch;
    for (int64_t i = begin; i < end; ++i) {
      const int64_t first = i * p.depth / parts;
      TransposedProduct part = p;
      part.a += first * p.a_stride;
      part.b += first * p.b_stride;
      part.depth = (i + 1) * p.depth / parts - first;
      part.c = sums.data() + i * size;
      part.c_stride = p.columns;
      multiply_part(k, part, scratch);
    }
  });
  for (int64_t i = 0; i < parts; ++i)
    for (int64_t row = 0; row < p.rows; ++row)
      for (int64_t column = 0; column < p.columns; ++column)
        p.c[row * p.c_stride + column] += sums[i * size + row * p.columns + column];
}

void share_result(const Kernels& k, const TransposedProduct& p) {
  const int64_t tiles = (p.rows + k.tile - 1) / k.tile, panels = (p.columns + k.panel - 1) / k.panel;
  const bool by_rows = tiles >= 4 * at::get_num_threads() || tiles >= panels;
  at::parallel_for(0, by_rows ? tiles : panels, 1, [&](int64_t begin, int64_t end) {
    std::vector<float> scratch;
    TransposedProduct part = p;
    if (by_rows) {
      part.a += begin * k.tile;
      part.c += begin * k.tile * p.c_stride;
      part.rows = std::min(end * k.tile, p.rows) - begin * k.tile;
    } else {
      part.b += begin * k.panel;
      part.c += begin * k.panel;
      part.columns = std::min(end * k.panel, p.columns) - begin * k.panel;
    }
    multiply_part(k, part, scratch);
  });
}

}  // namespace

void share_transposed_product(const Kernels& k, const TransposedProduct& product) {
  const int64_t parts = std::clamp<int64_t>(product.depth / kDepthAPart, 1, kMaxParts);
  if (parts > 1 && product.rows * product.columns <= kSmallResult) share_depth(k, product, parts);
  else share_result(k, product);
}

}  // namespace mimdet::cpu
