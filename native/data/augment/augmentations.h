// The single augmentations, in the order in which `augment` calls them. Each draws from a stream of its own, so that its choices
// do not depend on which of the others are on. Before it: augment. After it: move_objects.
#pragma once

#include "data/augment/augment.h"
#include "data/augment/canvas.h"
#include "data/random.h"

namespace mimdet {

/// Pastes objects of the donor onto the picture, which may have another size. Masks below are cut, and become bitmaps where they
/// were polygons; the boxes of what was cut are those of the masks that are left; objects that are nearly hidden are dropped.
void copy_paste(TrainingPicture& picture, const TrainingPicture& donor, const AugmentOptions& options, Random random);

void flip(Canvas& canvas, const AugmentOptions& options, Random random);
void quarter_turn(Canvas& canvas, const AugmentOptions& options, Random random);
void large_scale_jitter(Canvas& canvas, const LargeScaleJitterOptions& options, Random random);
void resize_crop(Canvas& canvas, const ResizeCropOptions& options, Random random);
void resize_shortest_edge(Canvas& canvas, const AugmentOptions& options, Random random);
void colour_jitter(Image& image, const ColourOptions& options, Random random);

}  // namespace mimdet
