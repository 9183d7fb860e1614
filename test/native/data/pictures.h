// Pictures with objects for the tests of data/: made up, the same for the same seed.
#pragma once

#include "data/random.h"
#include "data/training_picture.h"

namespace mimdet::test {

/// Noise, so that a pixel in the wrong place shows.
Image noise_image(SizeHw size, uint64_t seed);

/// A ring with `points` corners around a centre, its radius wavering between half and the whole of `radius`.
std::vector<double> star(double x, double y, double radius, int points, Random& random);

/// `count` stars, every other one as run lengths, with the boxes of their masks; some reach beyond the picture's edge where
/// `beyond`.
TrainingPicture picture_with_stars(SizeHw size, int count, uint64_t seed, bool beyond = false);

/// Its pixels, whatever the mask is kept as; polygons by COCO's rule.
RleMask rle_of_mask(const ObjectMask& mask, SizeHw size);

}  // namespace mimdet::test
