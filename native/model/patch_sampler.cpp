#include "model/patch_sampler.h"

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/ops/argsort.h>
#include <ATen/ops/rand.h>

#include "model/arithmetic.h"
#include "model/config.h"

namespace mimdet {
namespace {

int64_t ceil_div(int64_t a, int64_t b) { return (a + b - 1) / b; }

at::Tensor with_padding_last(const at::Tensor& noise, const std::vector<SizeHw>& sizes, SizeHw grid) {
  at::Tensor masked = noise.clone().view({noise.size(0), grid.height, grid.width});
  for (size_t n = 0; n < sizes.size(); ++n) {
    const int64_t rows = ceil_div(sizes[n].height, fixed::kStride), columns = ceil_div(sizes[n].width, fixed::kStride);
    masked[n].slice(0, rows).fill_(fixed::kPaddingNoise);
    masked[n].slice(1, columns).fill_(fixed::kPaddingNoise);
  }
  return masked.view(noise.sizes());
}

}  // namespace

at::Tensor draw_patch_noise(int64_t pictures, int64_t patches, uint64_t seed) {
  auto generator = at::detail::createCPUGenerator(seed);
  return at::rand({1, patches}, generator, at::kFloat).repeat({pictures, 1});
}

SampledPatches sample_patches(const at::Tensor& noise, const std::vector<SizeHw>& sizes, SizeHw grid, double ratio) {
  const int64_t kept = kept_patches(grid.height * grid.width, ratio);
  // Stable: the reference leaves the order of equal numbers (padding) to chance, and a seeded result must not.
  const at::Tensor ids_shuffle = at::argsort(with_padding_last(noise, sizes, grid), /*stable=*/true, 1, /*descending=*/false);
  return {ids_shuffle.slice(1, 0, kept), ids_shuffle, at::argsort(ids_shuffle, int64_t{1})};
}

}  // namespace mimdet
