#include "ops/roi_axis.h"

#include <algorithm>
#include <cmath>

namespace mimdet {
namespace {

constexpr double kMostSamples = 1e15;  // an integer of double; of so many none lies on a map

int64_t clamp_to_count(double number, double count) {
  return static_cast<int64_t>(std::clamp(number, 0.0, std::min(count, kMostSamples)));
}

}  // namespace

template <class T>
void RoiAxis<T>::set(T start, T end, T spatial_scale, int64_t length, int64_t bins) {
  bins_.assign(bins, Bin{});
  weights_.clear();
  begin_ = end_ = 0;
  const T from = start * spatial_scale - T(0.5);  // "aligned": cell i has its centre at i + 0.5
  const T side = end * spatial_scale - T(0.5) - from;
  const T bin_side = side / static_cast<T>(bins);
  const T grid = std::ceil(bin_side);                          // samples a bin
  if (!std::isfinite(from) || !std::isfinite(grid) || !(grid > 0) || length == 0) return;
  // At most two samples a cell: the step is above 0.5 where there are several. So few can lie on the map, however many there are.
  const double step = static_cast<double>(bin_side) / static_cast<double>(grid);
  bins_.clear();
  for (int64_t bin = 0; bin < bins; ++bin) {
    const T bin_start = from + static_cast<T>(bin) * bin_side;
    const auto number_at = [&](double place) { return (place - static_cast<double>(bin_start)) / step - 0.5; };
    const int64_t first = clamp_to_count(std::floor(number_at(-1.0)) - 1, static_cast<double>(grid));
    const int64_t behind = clamp_to_count(std::ceil(number_at(static_cast<double>(length))) + 2, static_cast<double>(grid));
    add_bin({bin_start, bin_side / grid, first, behind}, T(1) / grid, length);
  }
}

template <class T>
void RoiAxis<T>::add_bin(const Samples& samples, T weight, int64_t length) {
  Bin bin{0, 0, static_cast<int64_t>(weights_.size())};
  for (int64_t i = samples.first; i < samples.behind; ++i)
    add_sample(bin, samples.start + (static_cast<T>(i) + T(0.5)) * samples.step, weight, length);
  bins_.push_back(bin);
  if (bin.count == 0) return;
  begin_ = begin_ == end_ ? bin.first : std::min(begin_, bin.first);
  end_ = std::max(end_, bin.first + bin.count);
}

template <class T>
void RoiAxis<T>::add_sample(Bin& bin, T place, T weight, int64_t length) {
  if (!(place >= T(-1) && place <= static_cast<T>(length))) return;
  place = std::max(place, T(0));
  const int64_t low = std::min(static_cast<int64_t>(place), length - 1);
  const T share = low == length - 1 ? T(0) : place - static_cast<T>(low);  // of the cell above
  add_weight(bin, low, weight * (T(1) - share));
  if (share > 0) add_weight(bin, low + 1, weight * share);
}

// Samples come in rising order, so a bin's cells are a range that grows at its end.
template <class T>
void RoiAxis<T>::add_weight(Bin& bin, int64_t cell, T weight) {
  if (bin.count == 0) bin.first = cell;
  for (; bin.count <= cell - bin.first; ++bin.count) weights_.push_back(T(0));
  weights_[bin.offset + cell - bin.first] += weight;
}

template class RoiAxis<float>;
template class RoiAxis<double>;

}  // namespace mimdet
