#include "model/mimdet_backbone.h"

#include <ATen/ops/max_pool2d.h>

namespace mimdet {
namespace {

SizeHw grid_of(const at::Tensor& feature) { return {feature.size(2), feature.size(3)}; }

BackboneFeatures features(const StemFeatures& stem, const at::Tensor& c4) { return {stem[1], stem[2], c4, at::max_pool2d(c4, 2)}; }

}  // namespace

MimdetBackbone::MimdetBackbone(const WeightSource& weights, const ModelConfig& config)
    : stem_(weights, "backbone.bottom_up.encoder.patch_embed"),
      encoder_(weights, "backbone.bottom_up.encoder", config.encoder),
      decoder_(weights, "backbone.bottom_up.decoder", config.decoder) {}

BackboneFeatures MimdetBackbone::operator()(const ImageBatch& images, const DetectOptions& options, const CancelFlag& cancel,
                                            StationLog* log) const {
  if (options.sample_ratio >= 1.0) return dense(images, cancel, log);
  const int64_t patches = images.pixels.size(2) / fixed::kStride * (images.pixels.size(3) / fixed::kStride);
  return with_noise(images, draw_patch_noise(images.pixels.size(0), patches, options.seed), options.sample_ratio, cancel, log);
}

BackboneFeatures MimdetBackbone::dense(const ImageBatch& images, const CancelFlag& cancel, StationLog* log) const {
  StemFeatures stem = stem_(images.pixels);
  finished(Station::kStem, log);
  stem[0].reset();  // the largest (100 MB at 800 × 1333), and nobody reads it again
  const SizeHw grid = grid_of(stem[3]);
  const at::Tensor encoded = encoder_(encoder_.embed(stem[3]), cancel);
  finished(Station::kEncoder, log);
  const BackboneFeatures maps = features(stem, decoder_(decoder_.embed_all(encoded, grid), grid, cancel));
  finished(Station::kDecoder, log);
  return maps;
}

BackboneFeatures MimdetBackbone::with_noise(const ImageBatch& images, const at::Tensor& noise, double ratio, const CancelFlag& cancel,
                                            StationLog* log) const {
  StemFeatures stem = stem_(images.pixels);
  finished(Station::kStem, log);
  stem[0].reset();
  const SizeHw grid = grid_of(stem[3]);
  SampledPatches sampled = sample_patches(noise, images.sizes, grid, ratio);
  for (at::Tensor* ids : {&sampled.ids_keep, &sampled.ids_shuffle, &sampled.ids_restore}) *ids = ids->to(stem[3].device());
  const at::Tensor encoded = encoder_(gather_rows(encoder_.embed(stem[3]), sampled.ids_keep), cancel);
  finished(Station::kEncoder, log);
  const BackboneFeatures maps = features(stem, decoder_(decoder_.embed_kept(encoded, stem[3], sampled), grid, cancel));
  finished(Station::kDecoder, log);
  return maps;
}

}  // namespace mimdet
