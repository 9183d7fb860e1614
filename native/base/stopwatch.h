// Milliseconds between the stations of one call.
#pragma once

#include <chrono>
#include <utility>

namespace mimdet {

using Clock = std::chrono::steady_clock;

inline double milliseconds(Clock::duration duration) { return std::chrono::duration<double, std::milli>(duration).count(); }

inline Clock::duration duration_of_ms(double ms) {
  return std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double, std::milli>(ms));
}

class Stopwatch {
 public:
  /// Since the last lap, or since the watch was made.
  double lap_ms() {
    const Clock::time_point now = Clock::now();
    return milliseconds(now - std::exchange(last_, now));
  }

 private:
  Clock::time_point last_ = Clock::now();
};

}  // namespace mimdet
