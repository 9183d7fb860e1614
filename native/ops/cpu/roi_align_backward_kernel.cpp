// The gradient of ROIAlign on the CPU, over channels-last features: what roi_align_kernel.cpp sums is spread the same way back.
// Threads divide pictures and channels, never boxes: each cell is added to by one thread in the order of the boxes, so the sum
// does not depend on how many there are.
#include <ATen/Parallel.h>
#include <ATen/ops/empty.h>

#include <algorithm>
#include <cstring>
#include <vector>

#include "base/cpu_clones.h"
#include "ops/kernels.h"
#include "ops/roi_axis.h"

namespace mimdet::cpu {
namespace {

constexpr int64_t kBlock = 32;  // channels of one task, summed together

/// What one box adds to one picture's gradient.
template <class T>
struct Spread {
  T* map;  // (H, W, C)
  int64_t width, channels, bins;
  RoiAxis<T> x, y;
  std::vector<T> columns;  // (rows under the box, kBlock)
};

template <class T>
struct Lanes {
  typedef T type __attribute__((vector_size(32)));
};

// out[k * stride …] += weights[k] * in, over kLanes * lane channels.
template <class Lane, int kLanes, class T>
MIMDET_ALWAYS_INLINE void add_weighted(const T* in, const T* weights, int64_t count, int64_t stride, T* out) {
  constexpr int64_t kWidth = sizeof(Lane) / sizeof(T);
  Lane values[kLanes];
  std::memcpy(values, in, sizeof(values));
  for (int64_t k = 0; k < count; ++k, out += stride) {
#pragma GCC unroll 16
    for (int lane = 0; lane < kLanes; ++lane) {
      Lane sum;
      std::memcpy(&sum, out + lane * kWidth, sizeof(Lane));
      sum += values[lane] * weights[k];
      std::memcpy(out + lane * kWidth, &sum, sizeof(Lane));
    }
  }
}

// grad is (bins, bins, C).
template <class Lane, int kLanes, class T>
MIMDET_ALWAYS_INLINE void spread_channels(Spread<T>& box, int64_t channel, const T* grad) {
  for (int64_t bin_x = 0; bin_x < box.bins; ++bin_x) {
    std::fill(box.columns.begin(), box.columns.end(), T(0));
    for (int64_t bin_y = 0; bin_y < box.bins; ++bin_y) {
      if (box.y.count(bin_y) == 0) continue;
      add_weighted<Lane, kLanes>(grad + (bin_y * box.bins + bin_x) * box.channels + channel, box.y.weights(bin_y),
                                 box.y.count(bin_y), kBlock, box.columns.data() + (box.y.first(bin_y) - box.y.begin()) * kBlock);
    }
    T* left = box.map + box.x.first(bin_x) * box.channels + channel;
    for (int64_t row = box.y.begin(); row < box.y.end(); ++row)
      add_weighted<Lane, kLanes>(box.columns.data() + (row - box.y.begin()) * kBlock, box.x.weights(bin_x), box.x.count(bin_x),
                                 box.channels, left + row * box.width * box.channels);
  }
}

template <class T>
MIMDET_ALWAYS_INLINE void spread_block(Spread<T>& box, int64_t channel, int64_t end, const T* grad) {
  using Lane = typename Lanes<T>::type;
  constexpr int64_t kWidth = sizeof(Lane) / sizeof(T);
  if (channel + kBlock <= end) return spread_channels<Lane, kBlock / kWidth>(box, channel, grad);
  for (; channel + kWidth <= end; channel += kWidth) spread_channels<Lane, 1>(box, channel, grad);
  for (; channel < end; ++channel) spread_channels<T, 1>(box, channel, grad);
}

MIMDET_CPU_CLONES void spread(Spread<float>& box, int64_t channel, int64_t end, const float* grad) {
  spread_block(box, channel, end, grad);
}
MIMDET_CPU_CLONES void spread(Spread<double>& box, int64_t channel, int64_t end, const double* grad) {
  spread_block(box, channel, end, grad);
}

/// The boxes of each picture, in their order; one of no picture takes no part (forward has refused it).
template <class T>
std::vector<std::vector<int64_t>> boxes_by_picture(const T* rois, int64_t count, int64_t pictures) {
  std::vector<std::vector<int64_t>> boxes(pictures);
  for (int64_t i = 0; i < count; ++i)
    if (rois[i * 5] >= 0 && rois[i * 5] < static_cast<T>(pictures)) boxes[static_cast<int64_t>(rois[i * 5])].push_back(i);
  return boxes;
}

// grad (R, C, bins, bins) and maps (N, C, H, W) channels-last, rois (R, 5) contiguous.
template <class T>
void spread_boxes(const at::Tensor& grad, const at::Tensor& rois, double spatial_scale, at::Tensor& maps) {
  const int64_t channels = maps.size(1), height = maps.size(2), width = maps.size(3), bins = grad.size(2);
  const int64_t blocks = (channels + kBlock - 1) / kBlock;
  const T* boxes = rois.const_data_ptr<T>();
  const T* grads = grad.const_data_ptr<T>();
  T* results = maps.data_ptr<T>();
  const auto members = boxes_by_picture(boxes, rois.size(0), maps.size(0));
  at::parallel_for(0, maps.size(0) * blocks, 1, [&](int64_t begin, int64_t end) {
    Spread<T> one{nullptr, width, channels, bins, {}, {}, {}};
    for (int64_t task = begin; task < end; ++task) {
      const int64_t picture = task / blocks, channel = task % blocks * kBlock;
      one.map = results + picture * height * width * channels;
      for (const int64_t i : members[picture]) {
        one.x.set(boxes[i * 5 + 1], boxes[i * 5 + 3], static_cast<T>(spatial_scale), width, bins);
        one.y.set(boxes[i * 5 + 2], boxes[i * 5 + 4], static_cast<T>(spatial_scale), height, bins);
        one.columns.resize((one.y.end() - one.y.begin()) * kBlock);
        spread(one, channel, std::min(channel + kBlock, channels), grads + i * bins * bins * channels);
      }
    }
  });
}

}  // namespace

at::Tensor roi_align_backward(const at::Tensor& grad, const at::Tensor& rois, double spatial_scale,
                              at::IntArrayRef feature_shape) {
  const at::ScalarType type = grad.scalar_type() == at::kDouble ? at::kDouble : at::kFloat;  // half types are summed in float32
  const at::Tensor grads = grad.to(type).contiguous(at::MemoryFormat::ChannelsLast), boxes = rois.to(type).contiguous();
  at::Tensor maps = at::empty(feature_shape, grads.options(), at::MemoryFormat::ChannelsLast).zero_();
  if (grads.numel() == 0 || maps.numel() == 0) return maps.to(grad.scalar_type());
  if (type == at::kDouble) spread_boxes<double>(grads, boxes, spatial_scale, maps);
  else spread_boxes<float>(grads, boxes, spatial_scale, maps);
  return maps.to(grad.scalar_type());
}

}  // namespace mimdet::cpu
