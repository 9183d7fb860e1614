// The backbone of the paper: conv stem -> (sampled) encoder -> decoder, giving four maps of which the ViT is only the third.
// Before it: image/preprocess. After it: fpn. Paper, figure 2.
#pragma once

#include <ATen/core/Tensor.h>

#include "base/cancel.h"
#include "model/config.h"
#include "model/conv_stem.h"
#include "model/detect_options.h"
#include "model/stations.h"
#include "model/vit_decoder.h"
#include "model/vit_encoder.h"
#include "structures/image_batch.h"

namespace mimdet {

struct BackboneFeatures {
  at::Tensor c2, c3, c4, c5;  // strides 4, 8, 16, 32; channels C/4, C/2, d, d
};

class MimdetBackbone {
 public:
  MimdetBackbone(const WeightSource& weights, const ModelConfig& config);

  /// Where `options.sample_ratio` is 1, nothing is drawn.
  BackboneFeatures operator()(const ImageBatch& images, const DetectOptions& options, const CancelFlag& cancel = nullptr,
                              StationLog* log = nullptr) const;
  /// Given noise (N, L) instead of a drawn one.
  BackboneFeatures with_noise(const ImageBatch& images, const at::Tensor& noise, double ratio, const CancelFlag& cancel = nullptr,
                              StationLog* log = nullptr) const;

  const ConvStem& stem() const { return stem_; }
  const VitEncoder& encoder() const { return encoder_; }
  const VitDecoder& decoder() const { return decoder_; }

 private:
  BackboneFeatures dense(const ImageBatch& images, const CancelFlag& cancel, StationLog* log) const;

  ConvStem stem_;
  VitEncoder encoder_;
  VitDecoder decoder_;
};

}  // namespace mimdet
