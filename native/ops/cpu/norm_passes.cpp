#include "ops/cpu/norm_passes.h"

#include <ATen/Parallel.h>

#include <algorithm>

namespace mimdet::cpu {
namespace {

constexpr int64_t kBlock = 64;    // rows that a kernel sums in float32
constexpr int64_t kChunk = 1024;  // rows that one task sums

NormRows some_rows(const NormRows& all, int64_t begin, int64_t end) {
  NormRows part = all;
  part.x += begin * all.channels;
  part.rows = end - begin;
  return part;
}

/// add(first row, rows, two vectors of sums) for each block; the sums of the chunks come back.
template <class Add>
std::vector<ColumnSums> sums_of_chunks(int64_t rows, int64_t channels, const Add& add) {
  std::vector<ColumnSums> chunks((rows + kChunk - 1) / kChunk);
  at::parallel_for(0, static_cast<int64_t>(chunks.size()), 1, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      chunks[i] = {std::vector<double>(channels), std::vector<double>(channels)};
      const int64_t last = std::min(rows, (i + 1) * kChunk);
      for (int64_t row = i * kChunk; row < last; row += kBlock) add(row, std::min(kBlock, last - row), chunks[i]);
    }
  });
  return chunks;
}

/// Chan et al. 1979: exact where plain sums of squares cancel.
void add_moments(double& mean, double& squares, int64_t count, double more_mean, double more_squares, int64_t more) {
  const double distance = more_mean - mean, share = static_cast<double>(more) / (count + more);
  mean += distance * share;
  squares += more_squares + distance * distance * count * share;
}

ColumnSums added_up(const std::vector<ColumnSums>& chunks, int64_t channels) {
  ColumnSums all{std::vector<double>(channels), std::vector<double>(channels)};
  for (const ColumnSums& chunk : chunks)
    for (int64_t c = 0; c < channels; ++c) {
      all.gradients[c] += chunk.gradients[c];
      all.products[c] += chunk.products[c];
    }
  return all;
}

int64_t rows_a_task(int64_t channels) { return std::max<int64_t>(1, 32768 / channels); }

}  // namespace

ColumnMoments all_column_moments(const Kernels& k, const float* x, int64_t rows, int64_t channels) {
  const auto chunks = sums_of_chunks(rows, channels, [&](int64_t row, int64_t count, ColumnSums& chunk) {
    std::vector<float> means(channels), squares(channels);
    k.column_moments(x + row * channels, count, channels, means.data(), squares.data());
    for (int64_t c = 0; c < channels; ++c)
      add_moments(chunk.gradients[c], chunk.products[c], row % kChunk, means[c], squares[c], count);
  });
  ColumnMoments all{std::vector<double>(channels), std::vector<double>(channels)};
  for (size_t i = 0; i < chunks.size(); ++i) {
    const int64_t before = static_cast<int64_t>(i) * kChunk, count = std::min(kChunk, rows - before);
    for (int64_t c = 0; c < channels; ++c)
      add_moments(all.means[c], all.squares[c], before, chunks[i].gradients[c], chunks[i].products[c], count);
  }
  return all;
}

ColumnSums all_norm_gradients(const Kernels& k, const NormRows& all, const float* dy, float* g) {
  const int64_t channels = all.channels;
  const auto chunks = sums_of_chunks(all.rows, channels, [&](int64_t row, int64_t count, ColumnSums& chunk) {
    std::vector<float> sums(channels), products(channels);
    k.norm_gradient(some_rows(all, row, row + count), dy + row * channels, g ? g + row * channels : nullptr, sums.data(),
                    products.data());
    for (int64_t c = 0; c < channels; ++c) {
      chunk.gradients[c] += sums[c];
      chunk.products[c] += products[c];
    }
  });
  return added_up(chunks, channels);
}

std::vector<double> gradients_behind(const Kernels& k, const float* y, const float* dy, float* g, int64_t rows, int64_t channels,
                                     Activation activation) {
  const std::vector<float> zeros(channels, 0.f), ones(channels, 1.f);
  return all_norm_gradients(k, {y, rows, channels, zeros.data(), ones.data(), zeros.data(), activation}, dy, g).gradients;
}

void normalize_all(const Kernels& k, const NormRows& all, float* y) {
  at::parallel_for(0, all.rows, rows_a_task(all.channels),
                   [&](int64_t begin, int64_t end) { k.normalize(some_rows(all, begin, end), y + begin * all.channels); });
}

void all_gradients_to_input(const Kernels& k, const NormRows& all, float* g, const float* on_gradient, const float* on_distance,
                            const float* offset) {
  at::parallel_for(0, all.rows, rows_a_task(all.channels), [&](int64_t begin, int64_t end) {
    k.norm_gradient_to_input(some_rows(all, begin, end), g + begin * all.channels, on_gradient, on_distance, offset);
  });
}

}  // namespace mimdet::cpu
