// Large-scale jitter (Ghiasi et al. 2021): fitted into a square times a factor, then a square of it, padded where it is smaller.
// The part that will be seen is cut out of the source before it is resized, so that the cost does not depend on the factor.
#include <algorithm>
#include <cmath>

#include "data/augment/augmentations.h"

namespace mimdet {
namespace {

constexpr uint8_t kGrey = 128;

/// One axis: which pixels of the source are seen, and how long they become.
struct Cut {
  int64_t first, count, result;
};

Cut cut_axis(int64_t side, double factor, int64_t target, Random& random) {
  const auto scaled = std::max<int64_t>(1, std::llround(static_cast<double>(side) * factor));
  const int64_t result = std::min(scaled, target);
  const double seen = static_cast<double>(result) / static_cast<double>(scaled) * static_cast<double>(side);
  const auto count = std::clamp<int64_t>(std::llround(seen), 1, side);
  return {random.between(0, side - count), count, result};
}

}  // namespace

void large_scale_jitter(Canvas& canvas, const LargeScaleJitterOptions& options, Random random) {
  const auto [height, width] = canvas.size();
  const double scale = random.uniform(options.scale.least, options.scale.most);
  const double factor = scale * static_cast<double>(options.size) / static_cast<double>(std::max(height, width));
  const Cut down = cut_axis(height, factor, options.size, random), across = cut_axis(width, factor, options.size, random);
  canvas.crop(across.first, down.first, {down.count, across.count});
  canvas.resize({down.result, across.result});
  if (options.pad) canvas.pad({options.size, options.size}, kGrey);
}

}  // namespace mimdet
