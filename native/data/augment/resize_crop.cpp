// The reference's recipe: half of the time another size and a part of it, then one of several sizes for the shortest edge.
#include <algorithm>
#include <span>

#include "data/augment/augmentations.h"
#include "image/resize.h"

namespace mimdet {
namespace {

// The first resize has no limit in the reference; here a picture that is a mere strip may not grow without bound.
constexpr int64_t kMostStretched = 8;

int64_t choose(const std::vector<int64_t>& sizes, Random& random) { return random.choice(std::span(sizes)); }

}  // namespace

void resize_crop(Canvas& canvas, const ResizeCropOptions& options, Random random) {
  if (!random.chance(options.probability)) return;
  const int64_t edge = choose(options.sizes, random);
  canvas.resize(shortest_edge_size(canvas.size(), edge, kMostStretched * edge));
  const auto [height, width] = canvas.size();
  const auto cropped = [&](int64_t side) {
    return random.between(std::min(side, options.crop_least), std::min(side, options.crop_most));
  };
  const int64_t new_height = cropped(height), new_width = cropped(width);
  const int64_t top = random.between(0, height - new_height), left = random.between(0, width - new_width);
  canvas.crop(left, top, {new_height, new_width});
}

void resize_shortest_edge(Canvas& canvas, const AugmentOptions& options, Random random) {
  canvas.resize(shortest_edge_size(canvas.size(), choose(options.sizes, random), options.max_size));
}

}  // namespace mimdet
