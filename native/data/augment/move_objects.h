// Objects follow their picture: boxes, polygons and bitmaps through flips, scales, crops. As detectron2's mapper does it: clipped
// at the edges, dropped where box or mask is empty. Before it: canvas (where the points went). After it: the picture as the model
// sees it.
#pragma once

#include <vector>

#include "data/augment/placement.h"
#include "data/training_picture.h"

namespace mimdet {

/// Polygons stay polygons, bitmaps bitmaps. `recompute_boxes`: an object that an edge cut gets the box of what is left of its
/// mask.
std::vector<TrainingObject> move_objects(const std::vector<TrainingObject>& objects, const Placement& placement,
                                         bool recompute_boxes);

}  // namespace mimdet
