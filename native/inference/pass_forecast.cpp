#include "inference/pass_forecast.h"

namespace mimdet {
namespace {

constexpr double kMemory = 7.0 / 8;      // what a pass counts beside the next one
constexpr double kLongMemory = 63.0 / 64;  // the same for how far predictions are off: a share of all passes, not the last one's luck
constexpr double kNineOfTen = 1.6;       // mean deviations, of a normal distribution
constexpr double kUsualShare = 1.0 / 2;  // of a large product's rate, before anything is known

/// What a station's time is divided by: its arithmetic, or pictures where nobody knows beforehand how many boxes there will be.
double amount(Station station, const PassShape& part, double multiply_adds) {
  if (station == Station::kBoxHead) return static_cast<double>(part.pictures);
  if (station == Station::kMaskHead) return part.masks > 0 ? static_cast<double>(part.pictures) : 0;
  return multiply_adds;
}

double pixels(const PassShape& part) { return static_cast<double>(part.pictures * part.padded.height * part.padded.width); }

}  // namespace

void PassForecast::Quotient::add(double a, double b, double kept) {
  above = above * kept + a;
  below = below * kept + b;
}

void PassForecast::assume(double multiply_adds_per_ms) { assumed_ = 1 / (multiply_adds_per_ms * kUsualShare); }

void PassForecast::learn(const std::vector<PassShape>& parts, const StationLog& log, double around_ms) {
  if (has_learned()) {
    const double predicted_ms = predict_ms(parts);
    deviation_.add(std::abs(log.total_ms() + around_ms - predicted_ms), predicted_ms, kLongMemory);
  }
  PerStation amounts{};
  double all_pixels = 0;
  for (const PassShape& part : parts) {
    const PerStation work = multiply_adds(config_, part);
    for (size_t i = 0; i < kStationCount; ++i) amounts.at(i) += amount(static_cast<Station>(i), part, work.at(i));
    all_pixels += pixels(part);
  }
  for (size_t i = 0; i < kStationCount; ++i)
    if (amounts.at(i) > 0) rates_[i].add(log.ms.at(i), amounts.at(i), kMemory);
  around_.add(around_ms, all_pixels, kMemory);
  ++passes_;
}

double PassForecast::predict_ms(const std::vector<PassShape>& parts) const {
  double sum = 0;
  for (const PassShape& part : parts) sum += part_ms(part);
  return sum;
}

double PassForecast::margin() const { return 1 + kNineOfTen * deviation_.value(); }

double PassForecast::part_ms(const PassShape& part) const {
  const PerStation work = multiply_adds(config_, part);
  if (passes_ == 0) return assumed_ * std::accumulate(work.begin(), work.end(), 0.0);
  double sum = around_.value() * pixels(part);
  for (size_t i = 0; i < kStationCount; ++i)
    sum += rates_[i].value() * amount(static_cast<Station>(i), part, work.at(i));
  return sum;
}

}  // namespace mimdet
