// The stations of the model whose time and arithmetic are told apart, and what passes through the model spent at each.
// Before it: mask_rcnn and the stations in it, which write. After it: inference (forecast of a pass), the addon (`mimdet bench`).
#pragma once

#include <array>
#include <cstddef>
#include <numeric>

#include "base/stopwatch.h"

namespace mimdet {

enum class Station { kStem, kEncoder, kDecoder, kPyramid, kProposals, kBoxHead, kMaskHead };
inline constexpr std::array kStationNames = {"stem", "encoder", "decoder", "pyramid", "proposals", "boxHead", "maskHead"};
inline constexpr size_t kStationCount = kStationNames.size();

/// One number for each station.
struct PerStation : std::array<double, kStationCount> {
  double& operator[](Station station) { return at(static_cast<size_t>(station)); }
  double operator[](Station station) const { return at(static_cast<size_t>(station)); }
};

/// The clock of a device that works on while its caller goes on: by the caller's own a station's time would be that of its launches.
class StationClock {
 public:
  virtual ~StationClock() = default;
  virtual void start() = 0;
  virtual void finished(Station station) = 0;
};

/// Sums over one or more passes. A call costs a look at the clock: nothing, beside the smallest station.
struct StationLog {
  PerStation ms{}, multiply_adds{};
  Stopwatch watch = {};
  StationClock* device = nullptr;  // whose times come later, and not from the watch

  double total_ms() const { return std::accumulate(ms.begin(), ms.end(), 0.0); }
};

/// The first station begins now. Nobody may be reading: `log` may be null.
inline void start(StationLog* log) {
  if (!log) return;
  if (log->device) log->device->start();
  else log->watch.lap_ms();
}

/// All since the last call was the work of this station.
inline void finished(Station station, StationLog* log) {
  if (!log) return;
  if (log->device) log->device->finished(station);
  else log->ms[station] += log->watch.lap_ms();
}

}  // namespace mimdet
