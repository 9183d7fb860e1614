// The arithmetic of the CUDA kernel that normalises and pads, on the host's grid, against image/preprocess: the same bits.
#include "ops/cuda/normalise_kernel.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/equal.h>

#include <algorithm>

#include "check.h"
#include "image/preprocess.h"
#include "ops/host_grid.h"

using namespace mimdet;

namespace {

at::Tensor normalised_on_grid(const ImageView& picture, const ModelConfig& config) {
  const SizeHw padded = padded_size(picture.size, config.size_divisibility);
  const at::Tensor planes = at::empty({1, 3, padded.height, padded.width});
  cuda::NormalisePicture work{picture.rgb, picture.size.height, picture.size.width, padded.height, padded.width, {}, {},
                              planes.data_ptr<float>()};
  std::copy_n(config.pixel_mean.begin(), 3, work.mean);
  std::copy_n(config.pixel_std.begin(), 3, work.std);
  test::run_grid(work, planes.numel());
  return planes;
}

}  // namespace

TEST("cuda normalise: the planes of preprocess, every byte, padding at the right and the bottom") {
  std::vector<uint8_t> bytes(3 * 37 * 70);
  for (size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<uint8_t>(i * 7);
  const ModelConfig config;
  for (const SizeHw size : {SizeHw{37, 70}, SizeHw{32, 64}, SizeHw{1, 1}, SizeHw{64, 33}}) {
    const ImageView picture{bytes.data(), size};
    CHECK(at::equal(normalised_on_grid(picture, config), preprocess({picture}, config, at::kCPU).pixels));
  }
}
