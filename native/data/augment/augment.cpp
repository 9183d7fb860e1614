#include "data/augment/augment.h"

#include "data/augment/augmentations.h"
#include "data/augment/canvas.h"
#include "data/augment/move_objects.h"
#include "data/random.h"

namespace mimdet {

TrainingPicture augment(TrainingPicture picture, const TrainingPicture* donor, const AugmentOptions& options, uint64_t seed,
                        Place place) {
  const auto draws = [&](Purpose purpose) { return Random(seed, place.position, purpose); };
  if (options.copy_paste && donor) copy_paste(picture, *donor, options, draws(Purpose::kCopyPaste));
  Canvas canvas(std::move(picture.image));
  flip(canvas, options, draws(Purpose::kFlip));
  quarter_turn(canvas, options, draws(Purpose::kQuarterTurn));
  if (options.large_scale_jitter) {
    large_scale_jitter(canvas, *options.large_scale_jitter, draws(Purpose::kLargeScaleJitter));
  } else {
    if (options.resize_crop) resize_crop(canvas, *options.resize_crop, draws(Purpose::kResizeCrop));
    const int64_t drawn_at = options.one_size_per_batch ? place.first : place.position;
    resize_shortest_edge(canvas, options, Random(seed, drawn_at, Purpose::kShortestEdge));
  }
  if (options.colour) colour_jitter(canvas.pixels(), *options.colour, draws(Purpose::kColour));
  std::vector<TrainingObject> objects = move_objects(picture.objects, canvas.placement(), options.recompute_boxes);
  return {std::move(canvas).take(), std::move(objects)};
}

}  // namespace mimdet
