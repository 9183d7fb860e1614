// Turned by 90, 180 or 270 degrees: for pictures without an upper side, such as those of a microscope.
#include "data/augment/augmentations.h"

namespace mimdet {

void quarter_turn(Canvas& canvas, const AugmentOptions& options, Random random) {
  if (random.chance(options.quarter_turn)) canvas.turn(random.between(1, 3));
}

}  // namespace mimdet
