// A flag that a caller raises and a running forward pass reads between stations.
#pragma once

#include <atomic>
#include <memory>

#include "base/error.h"

namespace mimdet {

using CancelFlag = std::shared_ptr<std::atomic<bool>>;

inline CancelFlag make_cancel_flag() { return std::make_shared<std::atomic<bool>>(false); }

/// Throws Cancelled when the flag is up. A null flag is never up.
inline void throw_if_cancelled(const CancelFlag& flag) {
  if (flag && flag->load(std::memory_order_relaxed)) throw Cancelled();
}

}  // namespace mimdet
