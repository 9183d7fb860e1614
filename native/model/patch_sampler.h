// Which patches the encoder sees: the first len_keep of a random order in which patches of the padding come last.
// Before it: conv_stem. After it: vit_encoder (ids_keep), vit_decoder (ids_restore). Paper, section 3.1; reference-equal given the noise.
#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

#include "base/geometry.h"

namespace mimdet {

struct SampledPatches {
  at::Tensor ids_keep;     // (N, K) int64: patch numbers in drawn order
  at::Tensor ids_shuffle;  // (N, L): the whole drawn order; ids_keep is its head
  at::Tensor ids_restore;  // (N, L): the place of patch p in the drawn order
};

/// Uniform noise (pictures, patches), each row from a generator freshly seeded with `seed`, so that it does not depend on the batch.
at::Tensor draw_patch_noise(int64_t pictures, int64_t patches, uint64_t seed);

/// `noise` (N, L) on the CPU, `sizes` of the unpadded pictures, `grid` of the padded ones (L = height * width). Keeps int(L * ratio), at least one.
SampledPatches sample_patches(const at::Tensor& noise, const std::vector<SizeHw>& sizes, SizeHw grid, double ratio);

}  // namespace mimdet
