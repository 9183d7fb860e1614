#include "image/preprocess.h"

#include <ATen/Parallel.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/from_blob.h>

#include <algorithm>
#include <array>
#include <string>

#include "base/error.h"
#include "ops/registration.h"

namespace mimdet {
namespace {

// A byte has 256 values: the normalised ones are computed once, by the reference's own division.
using NormalisedBytes = std::array<std::array<float, 256>, 3>;

NormalisedBytes normalised_bytes(const ModelConfig& config) {
  NormalisedBytes table;
  for (size_t channel = 0; channel < 3; ++channel)
    for (int value = 0; value < 256; ++value)
      table[channel][value] = (static_cast<float>(value) - static_cast<float>(config.pixel_mean[channel])) /
                              static_cast<float>(config.pixel_std[channel]);
  return table;
}

SizeHw largest(const std::vector<ImageView>& pictures) {
  SizeHw size;
  for (const ImageView& picture : pictures) {
    size.height = std::max(size.height, picture.size.height);
    size.width = std::max(size.width, picture.size.width);
  }
  return size;
}

void require_pictures(const std::vector<ImageView>& pictures) {
  if (pictures.empty()) fail_expected(ErrorCode::kInvalidArgument, "at least one picture", "pictures", "none");
  for (const auto& [rgb, size] : pictures)
    if (rgb == nullptr || size.height < 1 || size.width < 1)
      fail_expected(ErrorCode::kInvalidArgument, "a height and width of at least 1", "picture",
                    std::to_string(size.height) + " x " + std::to_string(size.width));
}

void normalise_row(const uint8_t* rgb, int64_t width, int64_t padded_width, const std::array<float, 256>& table, float* out) {
  for (int64_t x = 0; x < width; ++x) out[x] = table[rgb[x * 3]];
  std::fill(out + width, out + padded_width, 0.0f);
}

// Every row of the three planes, the padding's too, is written once: the tensor need not be zeroed before.
void normalise_picture(const ImageView& picture, const NormalisedBytes& table, SizeHw padded, float* planes) {
  at::parallel_for(0, 3 * padded.height, 64, [&](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; ++row) {
      const int64_t channel = row / padded.height, y = row % padded.height;
      float* out = planes + row * padded.width;
      if (y >= picture.size.height) std::fill(out, out + padded.width, 0.0f);
      else
        normalise_row(picture.rgb + y * picture.size.width * 3 + channel, picture.size.width, padded.width, table[channel], out);
    }
  });
}

// Bytes travel, a quarter of what float32 would. Nobody waits for them: what lies in pageable memory is read before the call returns.
void normalise_on_device(const ImageView& picture, const ModelConfig& config, at::Tensor planes) {
  const auto [height, width] = picture.size;
  const at::Tensor rgb = at::from_blob(const_cast<uint8_t*>(picture.rgb), {height, width, 3}, at::kByte)
                             .to(planes.device(), at::kByte, /*non_blocking=*/true);
  dispatch::normalise_pad(planes, rgb, config.pixel_mean, config.pixel_std);
}

}  // namespace

SizeHw padded_size(SizeHw size, int64_t divisibility) {
  const auto round_up = [&](int64_t side) { return (side + divisibility - 1) / divisibility * divisibility; };
  return {round_up(size.height), round_up(size.width)};
}

ImageBatch preprocess(const std::vector<ImageView>& pictures, const ModelConfig& config, at::Device device) {
  require_pictures(pictures);
  const SizeHw padded = padded_size(largest(pictures), config.size_divisibility);
  const NormalisedBytes table = normalised_bytes(config);
  const bool on_device = dispatch::has_device_kernels(device);
  ImageBatch batch;
  batch.pixels = at::empty({static_cast<int64_t>(pictures.size()), 3, padded.height, padded.width},
                           at::TensorOptions(at::kFloat).device(on_device ? device : at::Device(at::kCPU)));
  for (size_t n = 0; n < pictures.size(); ++n) {
    if (on_device) normalise_on_device(pictures[n], config, batch.pixels[static_cast<int64_t>(n)]);
    else normalise_picture(pictures[n], table, padded, batch.pixels.data_ptr<float>() + n * 3 * padded.height * padded.width);
    batch.sizes.push_back(pictures[n].size);
  }
  batch.pixels = batch.pixels.to(device);
  return batch;
}

}  // namespace mimdet
