// Targets are compared bit by bit, and a bitmap's values often lie at 0.5 exactly (boxes at whole pixels): every operation on a
// float32 is the reference's own, in its order. Compiled without contracted floating point.
#include "ops/mask_cropper.h"

#include <algorithm>
#include <cmath>
#include <cstring>

namespace mimdet {
namespace {

constexpr double kSmallestSide = 0.1;    // pixels
constexpr double kMostCoordinate = 1e8;  // of the grid; farther out nothing changes inside it
constexpr double kMostSamples = 1e15;    // an integer of double
constexpr float kThreshold = 0.5f;

/// Grid cells a pixel; float32 where the side is, as the reference's.
double cells_a_pixel(float side_pixels, int64_t side) {
  return static_cast<double>(side_pixels) > kSmallestSide ? static_cast<double>(static_cast<float>(side) / side_pixels)
                                                          : static_cast<double>(side) / kSmallestSide;
}

double to_cells(double coordinate, float origin, double scale) {
  return std::clamp((coordinate - static_cast<double>(origin)) * scale, -kMostCoordinate, kMostCoordinate);
}

int64_t clamp_to_count(double number, double count) {
  return static_cast<int64_t>(std::clamp(number, 0.0, std::min(count, kMostSamples)));
}

}  // namespace

void crop_polygons(const PolygonMask& rings, const float* box_xyxy, int64_t side, uint8_t* out) {
  std::memset(out, 0, side * side);
  if (rings.empty() || !std::all_of(box_xyxy, box_xyxy + 4, [](float place) { return std::isfinite(place); })) return;
  const double scale_x = cells_a_pixel(box_xyxy[2] - box_xyxy[0], side), scale_y = cells_a_pixel(box_xyxy[3] - box_xyxy[1], side);
  PolygonMask in_box = rings;
  for (std::vector<double>& ring : in_box)
    for (size_t i = 0; i + 1 < ring.size(); i += 2) {
      ring[i] = to_cells(ring[i], box_xyxy[0], scale_x);
      ring[i + 1] = to_cells(ring[i + 1], box_xyxy[1], scale_y);
    }
  const std::vector<uint8_t> drawn = rle_to_bitmap(rle_from_polygons({side, side}, in_box));
  std::copy(drawn.begin(), drawn.end(), out);
}

void BitmapCropper::Axis::add(float place, int64_t length) {
  if (!(place >= -1.0f && place <= static_cast<float>(length))) return;
  place = std::max(place, 0.0f);
  int64_t low = static_cast<int64_t>(place);
  const bool at_end = low >= length - 1;
  if (at_end) low = length - 1;
  const float high_share = at_end ? 0.0f : place - static_cast<float>(low);
  samples.push_back({low, at_end ? low : low + 1, 1.0f - high_share, high_share});
}

// Bin b's sample i lies at start + b · bin + (i + 0.5) · bin / samples. Those far outside are not walked: a box may be a
// million times the picture.
void BitmapCropper::Axis::set(float from, float to, int64_t length, int64_t side) {
  samples.clear();
  first.assign(side + 1, 0);
  begin = this->end = 0;
  samples_per_bin = 1;
  const float start = from - 0.5f, side_pixels = to - 0.5f - start;
  const float bin = side_pixels / static_cast<float>(side), count = std::ceil(bin);
  if (!std::isfinite(start) || !std::isfinite(count) || !(count > 0)) return;
  samples_per_bin = count;
  const double step = static_cast<double>(bin) / static_cast<double>(count);
  for (int64_t b = 0; b < side; ++b) {
    const float bin_start = start + static_cast<float>(b) * bin;
    const auto number_at = [&](double place) { return (place - static_cast<double>(bin_start)) / step - 0.5; };
    const int64_t behind = clamp_to_count(std::ceil(number_at(static_cast<double>(length))) + 2, count);
    for (int64_t i = clamp_to_count(std::floor(number_at(-1)) - 1, count); i < behind; ++i)
      add(bin_start + (static_cast<float>(i) + 0.5f) * bin / count, length);
    first[b + 1] = static_cast<int64_t>(samples.size());
  }
  if (samples.empty()) return;
  begin = samples.front().low;
  this->end = samples.back().high + 1;
}

void BitmapCropper::decode(const RleMask& mask) {
  const int64_t rows = y_.end - y_.begin, columns = x_.end - x_.begin;
  pixels_.assign(rows * columns, 0);
  int64_t position = 0;
  const int64_t behind = x_.end * mask.height;
  for (size_t i = 0; i < mask.runs.size() && position < behind; position += mask.runs[i++]) {
    if (i % 2 == 0) continue;
    const int64_t run_end = std::min<int64_t>(position + mask.runs[i], behind);
    for (int64_t at = std::max(position, x_.begin * mask.height); at < run_end;) {
      const int64_t column = at / mask.height, column_start = column * mask.height;
      const int64_t low = std::max(at - column_start, y_.begin), high = std::min(run_end - column_start, y_.end);
      if (low < high) std::memset(pixels_.data() + (column - x_.begin) * rows + low - y_.begin, 1, high - low);
      at = column_start + mask.height;
    }
  }
}

float BitmapCropper::bin_sum(int64_t bin_y, int64_t bin_x) const {
  const int64_t rows = y_.end - y_.begin;
  const auto pixel = [&](int64_t y, int64_t x) { return static_cast<float>(pixels_[(x - x_.begin) * rows + y - y_.begin]); };
  float sum = 0;
  for (int64_t i = y_.first[bin_y]; i < y_.first[bin_y + 1]; ++i)
    for (int64_t j = x_.first[bin_x]; j < x_.first[bin_x + 1]; ++j) {
      const Sample &y = y_.samples[i], &x = x_.samples[j];
      sum += y.low_share * x.low_share * pixel(y.low, x.low) + y.low_share * x.high_share * pixel(y.low, x.high) +
             y.high_share * x.low_share * pixel(y.high, x.low) + y.high_share * x.high_share * pixel(y.high, x.high);
    }
  return sum;
}

void BitmapCropper::crop(const RleMask& mask, const float* box_xyxy, int64_t side, uint8_t* out) {
  x_.set(box_xyxy[0], box_xyxy[2], mask.width, side);
  y_.set(box_xyxy[1], box_xyxy[3], mask.height, side);
  decode(mask);
  const float samples = static_cast<float>(x_.samples_per_bin * y_.samples_per_bin);
  for (int64_t y = 0; y < side; ++y)
    for (int64_t x = 0; x < side; ++x) *out++ = bin_sum(y, x) / samples >= kThreshold;
}

}  // namespace mimdet
