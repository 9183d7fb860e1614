#include "data/pictures.h"

#include <cmath>
#include <numbers>

#include "data/augment/clip_polygon.h"

namespace mimdet::test {

Image noise_image(SizeHw size, uint64_t seed) {
  Random random(seed, 0, Purpose::kColour);
  Image image{std::vector<uint8_t>(size.height * size.width * 3), size};
  for (uint8_t& value : image.rgb) value = static_cast<uint8_t>(random.below(256));
  return image;
}

std::vector<double> star(double x, double y, double radius, int points, Random& random) {
  std::vector<double> ring;
  for (int i = 0; i < points; ++i) {
    const double angle = 2 * std::numbers::pi * i / points, length = radius * random.uniform(0.5, 1);
    ring.insert(ring.end(), {x + length * std::cos(angle), y + length * std::sin(angle)});
  }
  return ring;
}

TrainingPicture picture_with_stars(SizeHw size, int count, uint64_t seed, bool beyond) {
  Random random(seed, 0, Purpose::kOrder);
  TrainingPicture picture{noise_image(size, seed), {}};
  const double height = static_cast<double>(size.height), width = static_cast<double>(size.width);
  for (int i = 0; i < count; ++i) {
    const double radius = random.uniform(6, 14), margin = beyond ? 0 : radius;
    const std::vector<double> ring =
        star(random.uniform(margin, width - margin), random.uniform(margin, height - margin), radius, 12, random);
    TrainingObject object{bounds_of({ring}), i % 3, PolygonMask{ring}};
    if (i % 2 == 1) {
      const RleMask mask = rle_from_polygon(size, ring);
      const BoxXywh box = rle_bounding_box(mask);
      object.box_xyxy = {box[0], box[1], box[0] + box[2], box[1] + box[3]};
      object.mask = mask;
    }
    picture.objects.push_back(object);
  }
  return picture;
}

RleMask rle_of_mask(const ObjectMask& mask, SizeHw size) {
  if (const auto* rle = std::get_if<RleMask>(&mask)) return *rle;
  return rle_from_polygons(size, std::get<PolygonMask>(mask));
}

}  // namespace mimdet::test
