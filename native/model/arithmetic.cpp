#include "model/arithmetic.h"

#include <algorithm>

#include "weights/weight_names.h"

namespace mimdet {
namespace {

using Count = double;  // exact up to 2^53

Count conv3x3(int64_t in, int64_t out) { return 9.0 * static_cast<Count>(in * out); }
Count linear(int64_t in, int64_t out) { return static_cast<Count>(in * out); }  // also a 1×1 convolution
Count places(SizeHw size) { return static_cast<Count>(size.height * size.width); }
SizeHw at_stride(SizeHw size, int64_t stride) { return {size.height / stride, size.width / stride}; }

/// `count` convolutions in a row, the first of another width.
Count convs3x3(int64_t count, int64_t in, int64_t out) {
  return count == 0 ? 0 : conv3x3(in, out) + static_cast<Count>(count - 1) * conv3x3(out, out);
}

/// qkv and projection, the MLP's two layers, and attention's two products.
Count block(int64_t tokens, int64_t dim, double mlp_ratio) {
  const auto n = static_cast<Count>(tokens), d = static_cast<Count>(dim);
  return n * d * (4 * d + 2 * static_cast<Count>(hidden_features(dim, mlp_ratio))) + 2 * n * n * d;
}

Count stem(const ModelConfig& config, SizeHw padded) {
  const int64_t dim = config.encoder.dim;
  const int64_t widths[] = {3, dim / 8, dim / 4, dim / 2, dim};
  Count sum = linear(dim, dim) * places(at_stride(padded, fixed::kStride));
  for (int i = 0; i < 4; ++i) sum += conv3x3(widths[i], widths[i + 1]) * places(at_stride(padded, int64_t{2} << i));
  return sum;
}

Count encoder(const EncoderConfig& config, int64_t kept) {
  return static_cast<Count>(config.depth) * block(kept, config.dim, config.mlp_ratio);
}

Count decoder(const ModelConfig& config, int64_t patches, int64_t kept) {
  const DecoderConfig& own = config.decoder;
  const int64_t from_stem = kept < patches ? patches : 0;
  return linear(config.encoder.dim, own.dim) * static_cast<Count>(kept + from_stem) +
         static_cast<Count>(own.depth) * block(patches, own.dim, own.mlp_ratio);
}

Count pyramid(const ModelConfig& config, SizeHw padded) {
  const int64_t widths[] = {config.encoder.dim / 4, config.encoder.dim / 2, config.decoder.dim, config.decoder.dim};
  Count sum = 0;
  for (int64_t level = 0; level < fixed::kPooledLevels; ++level)
    sum += (linear(widths[level], config.fpn_channels) + conv3x3(config.fpn_channels, config.fpn_channels)) *
           places(at_stride(padded, fixed::kLevelStrides[level]));
  return sum;
}

/// Each level has as many anchors a place as its own sizes and ratios make; p6 is every second place of p5.
Count proposals(const ModelConfig& config, SizeHw padded) {
  Count sum = 0;
  for (size_t level = 0; level < std::size(fixed::kLevelStrides); ++level) {
    SizeHw size = at_stride(padded, fixed::kLevelStrides[std::min(level, size_t{3})]);
    if (level == 4) size = {(size.height + 1) / 2, (size.width + 1) / 2};
    const Count outputs = linear(config.fpn_channels, 5 * config.rpn.anchors_per_place(level));
    sum += (convs3x3(config.rpn.convs, config.fpn_channels, config.fpn_channels) + outputs) * places(size);
  }
  return sum;
}

/// Of one proposal.
Count box_head(const ModelConfig& config) {
  const RoiConfig& roi = config.roi;
  const int64_t bins = roi.box_pool * roi.box_pool;
  const int64_t width = roi.box_convs > 0 ? roi.box_conv_dim : config.fpn_channels;
  return convs3x3(roi.box_convs, config.fpn_channels, roi.box_conv_dim) * static_cast<Count>(bins) +
         linear(width * bins, roi.box_fc_dim) + linear(roi.box_fc_dim, 5 * config.num_classes() + 1);
}

/// Of one mask: the predictor is asked for the detection's own class only.
Count mask_head(const ModelConfig& config) {
  const RoiConfig& roi = config.roi;
  const int64_t width = roi.mask_convs > 0 ? roi.mask_conv_dim : config.fpn_channels;
  const auto bins = static_cast<Count>(roi.mask_pool * roi.mask_pool);
  return bins * (convs3x3(roi.mask_convs, config.fpn_channels, roi.mask_conv_dim) + 4 * linear(width, roi.mask_conv_dim) +
                 4 * static_cast<Count>(roi.mask_conv_dim));
}

}  // namespace

int64_t kept_patches(int64_t patches, double ratio) {
  return std::max<int64_t>(1, static_cast<int64_t>(static_cast<double>(patches) * ratio));
}

PerStation multiply_adds(const ModelConfig& config, const PassShape& pass) {
  const SizeHw grid = at_stride(pass.padded, fixed::kStride);
  const int64_t patches = grid.height * grid.width, kept = kept_patches(patches, pass.sample_ratio);
  const auto pictures = static_cast<Count>(pass.pictures);
  PerStation sum{};
  sum[Station::kStem] = pictures * stem(config, pass.padded);
  sum[Station::kEncoder] = pictures * encoder(config.encoder, kept);
  sum[Station::kDecoder] = pictures * decoder(config, patches, kept);
  sum[Station::kPyramid] = pictures * pyramid(config, pass.padded);
  sum[Station::kProposals] = pictures * proposals(config, pass.padded);
  sum[Station::kBoxHead] = static_cast<Count>(pass.proposals) * box_head(config);
  sum[Station::kMaskHead] = static_cast<Count>(pass.masks) * mask_head(config);
  return sum;
}

void count(const ModelConfig& config, const PassShape& pass, StationLog* log) {
  if (!log) return;
  const PerStation more = multiply_adds(config, pass);
  for (size_t i = 0; i < kStationCount; ++i) log->multiply_adds.at(i) += more.at(i);
}

}  // namespace mimdet
