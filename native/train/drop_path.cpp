// See drop_path.h.
#include "train/drop_path.h"

#include <cmath>

namespace mimdet {

std::vector<float> drop_path_probabilities(const EncoderConfig& encoder) {
  const int64_t blocks = encoder.depth;
  const float last = static_cast<float>(encoder.drop_path);
  const float step = blocks > 1 ? last / static_cast<float>(blocks - 1) : 0;
  std::vector<float> probabilities;
  for (int64_t i = 0; i < blocks; ++i) {  // the upper half counts from the end, rounded once, as torch.linspace does
    const float from_end = static_cast<float>(blocks - 1 - i);
    probabilities.push_back(i < blocks / 2 || blocks == 1 ? step * static_cast<float>(i) : std::fma(-step, from_end, last));
  }
  return probabilities;
}

}  // namespace mimdet
