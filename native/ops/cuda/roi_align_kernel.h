// ROIAlign and its gradient, one thread for each bin and channel of each box. Channels-last throughout, so that neighbouring
// threads read neighbouring numbers. The samples are those of ops/roi_axis.h: only such as can lie on the map are walked, at most
// two a cell, so that the work is bounded by the map, whatever the box.
#pragma once

#include "ops/cuda/portable.h"

namespace mimdet::cuda {

/// One bin along one axis: its samples lie at start + (i + 0.5) * step, first <= i < behind, each with the same weight.
template <class T>
struct RoiBin {
  T start, step, weight;
  int64_t first, behind;
};

/// Two neighbouring cells of the map and what each of them gives to a sample.
template <class T>
struct RoiSample {
  int64_t low, high;
  T low_share, high_share;
};

MIMDET_HOST_DEVICE int64_t clamp_to_count(double number, double count) {
  const double most = count < 1e15 ? count : 1e15;  // an integer of double; of more samples none lies on a map
  return static_cast<int64_t>(number < 0 ? 0 : number > most ? most : number);
}

template <class T>
MIMDET_HOST_DEVICE RoiBin<T> roi_bin(T start, T end, T spatial_scale, int64_t length, int64_t bins, int64_t bin) {
  const T from = start * spatial_scale - T(0.5);  // "aligned": cell i has its centre at i + 0.5
  const T side = end * spatial_scale - T(0.5) - from;
  const T bin_side = side / static_cast<T>(bins);
  const T grid = ceil(bin_side);  // samples a bin
  if (!is_finite(from) || !is_finite(grid) || !(grid > 0)) return {0, 0, 0, 0, 0};
  const T bin_start = from + static_cast<T>(bin) * bin_side;
  const double step = static_cast<double>(bin_side) / static_cast<double>(grid), begin = static_cast<double>(bin_start);
  const int64_t first = clamp_to_count(floor((-1.0 - begin) / step - 0.5) - 1, static_cast<double>(grid));
  const int64_t behind = clamp_to_count(ceil((static_cast<double>(length) - begin) / step - 0.5) + 2, static_cast<double>(grid));
  return {bin_start, bin_side / grid, T(1) / grid, first, behind};
}

/// False where sample i of the bin lies beyond the map by more than a cell.
template <class T>
MIMDET_HOST_DEVICE bool roi_sample(const RoiBin<T>& bin, int64_t i, int64_t length, RoiSample<T>& sample) {
  const T place = bin.start + (static_cast<T>(i) + T(0.5)) * bin.step;
  if (!(place >= T(-1) && place <= static_cast<T>(length))) return false;
  const T inside = place > T(0) ? place : T(0);
  const int64_t whole = static_cast<int64_t>(inside), last = length - 1;
  const int64_t low = whole < last ? whole : last;
  const T share = low == last ? T(0) : inside - static_cast<T>(low);
  sample = {low, low < last ? low + 1 : last, T(1) - share, share};
  return true;
}

/// The boxes, and the shape of what they are cut from.
template <class T>
struct Rois {
  const T* rois;  // (R, 5): picture, x1, y1, x2, y2
  T spatial_scale;
  int64_t pictures, channels, height, width, bins;

  /// Calls visit(place, weight) for every number of the map (N, H, W, C) that the bin reads; `index` counts (R, bins, bins, C).
  /// A box of no picture reads nothing: an error would have to wait for the device.
  template <class Visit>
  MIMDET_HOST_DEVICE void visit(int64_t index, const Visit& visit) const {
    const int64_t channel = index % channels, bin_x = index / channels % bins, bin_y = index / (channels * bins) % bins;
    const T* roi = rois + index / (channels * bins * bins) * 5;
    if (!(roi[0] >= T(0) && roi[0] < static_cast<T>(pictures))) return;
    const int64_t map = static_cast<int64_t>(roi[0]) * height;
    const RoiBin<T> x = roi_bin(roi[1], roi[3], spatial_scale, width, bins, bin_x);
    const RoiBin<T> y = roi_bin(roi[2], roi[4], spatial_scale, height, bins, bin_y);
    const T weight = x.weight * y.weight;
    RoiSample<T> row, column;
    for (int64_t i = y.first; i < y.behind; ++i) {
      if (!roi_sample(y, i, height, row)) continue;
      const int64_t above = (map + row.low) * width, below = (map + row.high) * width;
      for (int64_t j = x.first; j < x.behind; ++j) {
        if (!roi_sample(x, j, width, column)) continue;
        visit((above + column.low) * channels + channel, weight * row.low_share * column.low_share);
        visit((above + column.high) * channels + channel, weight * row.low_share * column.high_share);
        visit((below + column.low) * channels + channel, weight * row.high_share * column.low_share);
        visit((below + column.high) * channels + channel, weight * row.high_share * column.high_share);
      }
    }
  }
};

/// Sums are of type T; what is read and written may be narrower.
template <class Stored, class T>
struct RoiAlign {
  Rois<T> boxes;
  const Stored* features;  // (N, H, W, C)
  Stored* pooled;          // (R, bins, bins, C), one thread each

  MIMDET_HOST_DEVICE void operator()(int64_t index) const {
    T sum = 0;
    const Stored* const maps = features;
    boxes.visit(index, [&sum, maps](int64_t place, T weight) { sum += widen(maps[place]) * weight; });
    store(sum, pooled + index);
  }
};

constexpr int64_t kMostLevels = 4;

/// The same for boxes that are cut from different maps: those of one pyramid, with the same pictures and channels.
template <class Stored, class T>
struct RoiAlignLevels {
  struct Map {
    const Stored* features;  // (N, H, W, C)
    T spatial_scale;
    int64_t height, width;
  };
  const T* rois;          // (R, 5): picture, x1, y1, x2, y2
  const int64_t* levels;  // (R): which of the maps
  int64_t pictures, channels, bins, count;  // of maps
  Map maps[kMostLevels];
  Stored* pooled;  // (R, bins, bins, C), one thread each

  /// A box of no map gets zeros: an error would have to wait for the device.
  MIMDET_HOST_DEVICE void operator()(int64_t index) const {
    const int64_t level = levels[index / (channels * bins * bins)];
    if (level < 0 || level >= count) return store(T(0), pooled + index);
    const Map& map = maps[level];
    RoiAlign<Stored, T>{{rois, map.spatial_scale, pictures, channels, map.height, map.width, bins}, map.features, pooled}(index);
  }
};

template <class T>
struct RoiAlignBackward {
  Rois<T> boxes;
  const T* grad;  // (R, bins, bins, C), one thread each
  T* maps;        // (N, H, W, C), zeros before

  MIMDET_HOST_DEVICE void operator()(int64_t index) const {
    const T value = grad[index];
    T* const sums = maps;
    boxes.visit(index, [value, sums](int64_t place, T weight) {
      if (weight != 0) add_shared(sums + place, value * weight);
    });
  }
};

}  // namespace mimdet::cuda
