#include "model/patch_sampler.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/equal.h>

#include "check.h"

using namespace mimdet;

TEST("patch sampler: noise depends on the seed, not on the number of pictures") {
  const at::Tensor one = draw_patch_noise(1, 24, 7), three = draw_patch_noise(3, 24, 7);
  for (int64_t n = 0; n < 3; ++n) CHECK(at::equal(three[n], one[0]));
  CHECK(!at::equal(draw_patch_noise(1, 24, 8), one));
}

TEST("patch sampler: patches of the padding are drawn last, in their own order") {
  const SampledPatches sampled = sample_patches(draw_patch_noise(1, 16, 1), {{33, 16}}, {4, 4}, 0.5);  // 3 rows × 1 column of its own
  const at::Tensor own = sampled.ids_shuffle[0].slice(0, 0, 3);
  for (int64_t i = 0; i < 3; ++i) CHECK_EQUAL(own[i].item<int64_t>() % 4, 0);
  for (int64_t i = 4; i < 16; ++i) CHECK(sampled.ids_shuffle[0][i].item<int64_t>() > sampled.ids_shuffle[0][i - 1].item<int64_t>());
}

TEST("patch sampler: ids_restore undoes ids_shuffle") {
  const SampledPatches sampled = sample_patches(draw_patch_noise(2, 24, 3), {{64, 96}, {50, 40}}, {4, 6}, 0.25);
  CHECK_EQUAL(sampled.ids_keep.size(1), 6);
  const at::Tensor restored = sampled.ids_shuffle.gather(1, sampled.ids_restore);
  for (int64_t p = 0; p < 24; ++p) CHECK_EQUAL(restored[1][p].item<int64_t>(), p);
}

TEST("patch sampler: at least one patch is kept") {
  CHECK_EQUAL(sample_patches(draw_patch_noise(1, 4, 0), {{32, 32}}, {2, 2}, 0.01).ids_keep.size(1), 1);
}
