#include "ops/mask_changes.h"

namespace mimdet {

RleMask mask_from_changes(SizeHw size, std::span<const int64_t> places) {
  RleMask mask{size.height, size.width, {}};
  int64_t begin = 0;
  for (const int64_t place : places) {
    mask.runs.push_back(static_cast<uint32_t>(place - begin));
    begin = place;
  }
  mask.runs.push_back(static_cast<uint32_t>(size.height * size.width - begin));
  return mask;
}

}  // namespace mimdet
