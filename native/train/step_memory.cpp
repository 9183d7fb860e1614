// See step_memory.h.
#include "train/step_memory.h"

#include <algorithm>
#include <string>

#include "base/error.h"
#include "base/system_memory.h"
#include "image/preprocess.h"
#include "inference/device_memory.h"

namespace mimdet {
namespace {

constexpr double kFloatBytes = 4;
constexpr double kKeptByConvNorm = 3;  // tensors that a convolution, its norm and its activation keep, each as large as the output
constexpr double kKeptByBlock = 8;     // norms, q, k, v, attention, sums: each as large as the tokens; the MLP keeps twice its width

double stem_numbers(const ModelConfig& config, double pixels, bool checkpointing) {
  double numbers = pixels * 3, largest = 0;
  for (int stage = 0; stage < 4; ++stage) {
    const double output = pixels / static_cast<double>(int64_t{4} << (2 * stage)) * static_cast<double>(config.encoder.dim >> (3 - stage));
    numbers += output * (checkpointing ? 1 : kKeptByConvNorm);
    largest = std::max(largest, output);
  }
  return numbers + (checkpointing ? largest * kKeptByConvNorm : 0);
}

double blocks_numbers(double tokens, int64_t dim, int64_t depth, double mlp_ratio, bool checkpointing) {
  const double stream = tokens * static_cast<double>(dim), block = stream * (kKeptByBlock + 2 * mlp_ratio), count = static_cast<double>(depth);
  return checkpointing ? stream * count + block : block * count;
}

double pyramid_numbers(const ModelConfig& config, double pixels) {
  const double level = pixels / 16 * 4 / 3 * static_cast<double>(config.fpn_channels);  // all levels together
  return level * (2 * kKeptByConvNorm + 2 * static_cast<double>(config.rpn.convs));
}

double rois_numbers(const ModelConfig& config) {
  const RoiConfig& roi = config.roi;
  const auto head = [&](int64_t pool, int64_t convs, int64_t dim) {
    return static_cast<double>(pool * pool) * (static_cast<double>(config.fpn_channels) + kKeptByConvNorm * static_cast<double>(convs * dim));
  };
  const double box = head(roi.box_pool, roi.box_convs, roi.box_conv_dim) + 2 * static_cast<double>(roi.box_fc_dim);
  const double upsampled = 4.0 * static_cast<double>(roi.mask_pool * roi.mask_pool) * static_cast<double>(2 * roi.mask_conv_dim + 2 * config.num_classes());
  const double mask = head(roi.mask_pool, roi.mask_convs, roi.mask_conv_dim) + upsampled;
  return static_cast<double>(roi.batch_per_image) * (box + roi.positive_fraction * mask);
}

}  // namespace

double step_bytes(const ModelConfig& config, const StepSize& size) {
  const double pixels = static_cast<double>(size.padded_size.height) * static_cast<double>(size.padded_size.width);
  const double patches = pixels / (fixed::kStride * fixed::kStride);
  const double one = stem_numbers(config, pixels, size.checkpointing) +
                     blocks_numbers(patches * size.sample_ratio, config.encoder.dim, config.encoder.depth, config.encoder.mlp_ratio, size.checkpointing) +
                     blocks_numbers(patches, config.decoder.dim, config.decoder.depth, config.decoder.mlp_ratio, size.checkpointing) +
                     pyramid_numbers(config, pixels) + rois_numbers(config);
  return one * static_cast<double>(size.pictures) * kFloatBytes;
}

void check_step_memory(const ModelConfig& config, const std::vector<TrainingPicture>& pictures, double sample_ratio, bool checkpointing, at::Device device) {
  SizeHw largest;
  for (const TrainingPicture& picture : pictures)
    largest = {std::max(largest.height, picture.image.size.height), std::max(largest.width, picture.image.size.width)};
  const SizeHw padded = padded_size(largest, config.size_divisibility);
  const double needed = step_bytes(config, {std::ssize(pictures), padded, sample_ratio, checkpointing});
  const std::optional<double> available = too_little_memory(needed, device);
  if (!available) return;
  fail_expected(ErrorCode::kOutOfMemory, "a batch that needs at most " + gigabytes(*available) + " of memory", "batches",
                std::to_string(pictures.size()) + " pictures padded to " + std::to_string(padded.width) + " x " + std::to_string(padded.height) +
                    ", which need " + gigabytes(needed) + ": fewer at a time (`accumulate`), smaller ones, or `checkpointing`");
}

}  // namespace mimdet
