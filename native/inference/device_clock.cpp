#include "inference/device_clock.h"

#include <c10/core/impl/VirtualGuardImpl.h>

namespace mimdet {

void DeviceClock::mark(std::optional<Station> ended) {
  marks_.push_back({ended, c10::Event(device_.type(), c10::EventFlag::BACKEND_DEFAULT)});  // PyTorch's own default tells no time
  marks_.back().event.record(c10::impl::VirtualGuardImpl(device_.type()).getStream(device_));
}

void DeviceClock::add_to(StationLog& log) const {
  if (marks_.empty()) return;
  marks_.back().event.synchronize();
  for (size_t i = 1; i < marks_.size(); ++i)
    if (marks_[i].ended) log.ms[*marks_[i].ended] += marks_[i - 1].event.elapsedTime(marks_[i].event);
}

}  // namespace mimdet
