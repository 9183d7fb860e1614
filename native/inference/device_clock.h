// What each station took on a GPU, by marks in its own stream of work: nobody waits for one before the pass has ended.
// Before it: model/stations, which calls. After it: detector, which reads.
#pragma once

#include <c10/core/Device.h>
#include <c10/core/Event.h>

#include <optional>
#include <vector>

#include "model/stations.h"

namespace mimdet {

class DeviceClock final : public StationClock {
 public:
  explicit DeviceClock(at::Device device) : device_(device) {}

  void start() override { mark(std::nullopt); }
  void finished(Station station) override { mark(station); }

  /// Waits until the device has come to the last mark, and adds what lies between them.
  void add_to(StationLog& log) const;

 private:
  struct Mark {
    std::optional<Station> ended;  // nothing: a station begins
    c10::Event event;
  };
  void mark(std::optional<Station> ended);

  at::Device device_;
  std::vector<Mark> marks_;
};

}  // namespace mimdet
