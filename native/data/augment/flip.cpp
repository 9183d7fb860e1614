// Mirrored, each axis apart.
#include "data/augment/augmentations.h"

namespace mimdet {

void flip(Canvas& canvas, const AugmentOptions& options, Random random) {
  const bool horizontal = random.chance(options.flip_horizontal), vertical = random.chance(options.flip_vertical);
  if (horizontal) canvas.flip_horizontal();
  if (vertical) canvas.flip_vertical();
}

}  // namespace mimdet
