#include "ops/cpu/moments.h"

#include <ATen/Parallel.h>

#include <algorithm>
#include <vector>

namespace mimdet::cpu {
namespace {

constexpr int64_t kPiece = 4096;  // floats: 16 KB, half of a first cache

}  // namespace

/// Chan et al. 1979: exact where plain sums of squares cancel.
void Moments::add(const Moments& other) {
  const int64_t total = count + other.count;
  const double distance = other.mean - mean;
  mean += distance * other.count / total;
  squares += other.squares + distance * distance * count * other.count / total;
  count = total;
}

/// Pieces are cut and added up the same way whatever the number of threads.
Moments moments_of(const Kernels& k, const float* x, int64_t count) {
  std::vector<Moments> pieces((count + kPiece - 1) / kPiece);
  at::parallel_for(0, static_cast<int64_t>(pieces.size()), 16, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      pieces[i].count = std::min(kPiece, count - i * kPiece);
      k.moments(x + i * kPiece, pieces[i].count, &pieces[i].mean, &pieces[i].squares);
    }
  });
  Moments all;
  for (const Moments& piece : pieces) all.add(piece);
  return all;
}

}  // namespace mimdet::cpu
