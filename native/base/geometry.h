// Sizes in pixels, always height first.
#pragma once

#include <cstdint>

namespace mimdet {

struct SizeHw {
  int64_t height = 0, width = 0;
  bool operator==(const SizeHw&) const = default;
};

}  // namespace mimdet
