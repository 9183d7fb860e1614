// ROIAlign along one axis of one box: which cells of the map each bin reads, and how much of each.
// The two axes are independent: a bin's value is its y weights times the cells times its x weights. That turns the samples of a
// bin into a short weighted sum, and bounds the work by the map even for a box that is a million times larger.
#pragma once

#include <cstdint>
#include <vector>

namespace mimdet {

template <class T>
class RoiAxis {
 public:
  /// `start` and `end` in pixels of the picture, `length` cells of the map, `bins` > 0. Overwrites what was there; keeps its
  /// memory.
  void set(T start, T end, T spatial_scale, int64_t length, int64_t bins);

  int64_t first(int64_t bin) const { return bins_[bin].first; }
  int64_t count(int64_t bin) const { return bins_[bin].count; }
  const T* weights(int64_t bin) const { return weights_.data() + bins_[bin].offset; }
  /// Cells that any bin reads: [begin, end), empty where begin == end.
  int64_t begin() const { return begin_; }
  int64_t end() const { return end_; }

 private:
  struct Bin {
    int64_t first = 0, count = 0, offset = 0;
  };
  struct Samples {
    T start, step;          // of the bin's first sample less half a step; distance of two samples, cells
    int64_t first, behind;  // numbers of the samples that can lie on the map
  };

  void add_bin(const Samples& samples, T weight, int64_t length);
  void add_sample(Bin& bin, T place, T weight, int64_t length);
  void add_weight(Bin& bin, int64_t cell, T weight);

  std::vector<Bin> bins_;
  std::vector<T> weights_;
  int64_t begin_ = 0, end_ = 0;
};

}  // namespace mimdet
