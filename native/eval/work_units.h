// Independent pieces of work over several threads, for coco_eval. Its threads live for one call and are joined before it returns.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>

#include "base/cancel.h"

namespace mimdet {

/// Calls `work(unit)` once for each unit below `count`, on `threads` threads (0: as many as there are cores), this one among them.
/// The cancel flag is read before each unit. Where units throw, the error of the lowest unit that threw is thrown here.
void for_each_unit(size_t count, int64_t threads, const CancelFlag& cancel, const std::function<void(size_t)>& work);

}  // namespace mimdet
