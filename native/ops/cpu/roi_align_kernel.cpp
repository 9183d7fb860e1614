// ROIAlign on the CPU, over channels-last features: every weighted sum runs along the channels, 64 at a time in registers.
// For each box and column of bins: the rows of the map under the box are summed over x into one cell a row, then those over y
// into the bins.
#include <ATen/Parallel.h>
#include <ATen/ops/empty.h>

#include <cstring>
#include <string>
#include <vector>

#include "base/cpu_clones.h"
#include "base/error.h"
#include "ops/kernels.h"
#include "ops/roi_axis.h"

namespace mimdet::cpu {
namespace {

constexpr int64_t kBlock = 64;  // channels that are summed together

/// One picture's features and what one box needs of them.
template <class T>
struct Crop {
  const T* map;  // (H, W, C)
  int64_t width, channels, bins;
  RoiAxis<T> x, y;
  std::vector<T> columns;  // (rows under the box, kBlock)
};

template <class T>
struct Lanes {
  typedef T type __attribute__((vector_size(32)));
};

// out[0 … kLanes * lane) = sum over k of weights[k] * in[k * stride …]. Lane is a vector of T, or T itself.
template <class Lane, int kLanes, class T>
MIMDET_ALWAYS_INLINE void weighted_sum(const T* in, int64_t stride, const T* weights, int64_t count, T* out) {
  constexpr int64_t kWidth = sizeof(Lane) / sizeof(T);
  Lane sums[kLanes] = {};
  for (int64_t k = 0; k < count; ++k, in += stride) {
#pragma GCC unroll 16
    for (int lane = 0; lane < kLanes; ++lane) {
      Lane value;
      std::memcpy(&value, in + lane * kWidth, sizeof(Lane));
      sums[lane] += value * weights[k];
    }
  }
#pragma GCC unroll 16
  for (int lane = 0; lane < kLanes; ++lane) std::memcpy(out + lane * kWidth, &sums[lane], sizeof(Lane));
}

// All bins of a block of channels that starts at `channel`; out is (bins, bins, C).
template <class Lane, int kLanes, class T>
MIMDET_ALWAYS_INLINE void pool_channels(Crop<T>& crop, int64_t channel, T* out) {
  for (int64_t bin_x = 0; bin_x < crop.bins; ++bin_x) {
    const T* left = crop.map + crop.x.first(bin_x) * crop.channels + channel;
    for (int64_t row = crop.y.begin(); row < crop.y.end(); ++row)
      weighted_sum<Lane, kLanes>(left + row * crop.width * crop.channels, crop.channels, crop.x.weights(bin_x),
                                 crop.x.count(bin_x), crop.columns.data() + (row - crop.y.begin()) * kBlock);
    for (int64_t bin_y = 0; bin_y < crop.bins; ++bin_y) {
      const int64_t row = crop.y.count(bin_y) ? crop.y.first(bin_y) - crop.y.begin() : 0;
      weighted_sum<Lane, kLanes>(crop.columns.data() + row * kBlock, kBlock, crop.y.weights(bin_y), crop.y.count(bin_y),
                                 out + (bin_y * crop.bins + bin_x) * crop.channels + channel);
    }
  }
}

template <class T>
MIMDET_ALWAYS_INLINE void pool_all_channels(Crop<T>& crop, T* out) {
  using Lane = typename Lanes<T>::type;
  constexpr int64_t kWidth = sizeof(Lane) / sizeof(T);
  int64_t channel = 0;
  for (; channel + kBlock <= crop.channels; channel += kBlock) pool_channels<Lane, kBlock / kWidth>(crop, channel, out);
  for (; channel + kWidth <= crop.channels; channel += kWidth) pool_channels<Lane, 1>(crop, channel, out);
  for (; channel < crop.channels; ++channel) pool_channels<T, 1>(crop, channel, out);
}

MIMDET_CPU_CLONES void pool(Crop<float>& crop, float* out) { pool_all_channels(crop, out); }
MIMDET_CPU_CLONES void pool(Crop<double>& crop, double* out) { pool_all_channels(crop, out); }

template <class T>
void require_pictures(const T* rois, int64_t count, int64_t pictures) {
  for (int64_t i = 0; i < count; ++i)
    if (!(rois[i * 5] >= 0 && rois[i * 5] < static_cast<T>(pictures)))
      fail_expected(ErrorCode::kInvalidArgument, "a picture of the batch (0 to " + std::to_string(pictures - 1) + ")", "rois",
                    std::to_string(rois[i * 5]));
}

// features channels-last, rois (R, 5) contiguous, out channels-last.
template <class T>
void pool_boxes(const at::Tensor& features, const at::Tensor& rois, double spatial_scale, int64_t bins, at::Tensor& out) {
  const int64_t channels = features.size(1), height = features.size(2), width = features.size(3);
  const T* boxes = rois.const_data_ptr<T>();
  const T* maps = features.const_data_ptr<T>();
  T* results = out.data_ptr<T>();
  require_pictures(boxes, rois.size(0), features.size(0));
  at::parallel_for(0, rois.size(0), 4, [&](int64_t begin, int64_t end) {
    Crop<T> crop{nullptr, width, channels, bins, {}, {}, {}};
    for (int64_t i = begin; i < end; ++i) {
      const T* box = boxes + i * 5;
      crop.map = maps + static_cast<int64_t>(box[0]) * height * width * channels;
      crop.x.set(box[1], box[3], static_cast<T>(spatial_scale), width, bins);
      crop.y.set(box[2], box[4], static_cast<T>(spatial_scale), height, bins);
      crop.columns.resize((crop.y.end() - crop.y.begin()) * kBlock);
      pool(crop, results + i * bins * bins * channels);
    }
  });
}

}  // namespace

at::Tensor roi_align(const at::Tensor& features, const at::Tensor& rois, double spatial_scale, int64_t output_size) {
  const at::ScalarType type =
      features.scalar_type() == at::kDouble ? at::kDouble : at::kFloat;  // half types are summed in float32
  const at::Tensor maps = features.to(type).contiguous(at::MemoryFormat::ChannelsLast);
  const at::Tensor boxes = rois.to(type).contiguous();
  at::Tensor out =
      at::empty({rois.size(0), features.size(1), output_size, output_size}, maps.options(), at::MemoryFormat::ChannelsLast);
  if (type == at::kDouble) pool_boxes<double>(maps, boxes, spatial_scale, output_size, out);
  else pool_boxes<float>(maps, boxes, spatial_scale, output_size, out);
  return out.to(features.scalar_type()).contiguous(features.suggest_memory_format());
}

}  // namespace mimdet::cpu
