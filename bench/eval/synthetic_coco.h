// A data set and a result list of the size of COCO's val2017, the same on every machine.
#pragma once

#include <cstdint>
#include <string>

namespace mimdet::bench {

struct SyntheticSize {
  int64_t pictures = 5000, categories = 80, most_results = 100;
};

/// Writes gt.json (about 7 objects a picture, polygons, 1 % crowds as run lengths) and dt.json (boxes and compressed masks) into `folder`.
void write_synthetic_coco(const std::string& folder, const SyntheticSize& size);

}  // namespace mimdet::bench
