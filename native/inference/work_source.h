// What the engine serves: somebody who has work for a compute thread now, later or not at all.
#pragma once

#include "base/stopwatch.h"

namespace mimdet {

inline constexpr Clock::time_point kNever = Clock::time_point::max();

class WorkSource {
 public:
  virtual ~WorkSource() = default;
  /// Which compute thread is its own: 0 is the processor's, N + 1 that of GPU N. Always the same.
  virtual int lane() const { return 0; }
  /// When the next piece of work may start; kNever where there is none. Called with the engine's lock held: must not call it.
  virtual Clock::time_point ready_at() const = 0;
  /// Does one piece of work, or nothing where it has gone meanwhile. Compute thread.
  virtual void run_one() noexcept = 0;
  /// Ends what is waiting and asks what is running to stop: the process or the last user is going.
  virtual void abandon() noexcept = 0;
  /// The earliest of what waits or runs; kNever where there is none.
  virtual Clock::time_point next_deadline() const { return kNever; }
  /// Ends what has missed its deadline.
  virtual void expire(Clock::time_point) noexcept {}
};

}  // namespace mimdet
