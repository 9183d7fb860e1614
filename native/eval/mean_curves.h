// What a report shows of a class and of all classes: precision over recall, AP at two IoUs, the score worth cutting at.
// Before it: precision_curve. After it: coco_eval, which hands it on where it was asked for.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "eval/protocol.h"
#include "eval/summary.h"

namespace mimdet {

using Precisions = std::array<double, coco::kRecalls>;  // at recall 0, 0.01 … 1

/// The place on the curve at IoU 0.5 with the highest F1 = 2PR / (P + R). `score` is that of the result at which it is reached.
struct BestCut {
  double score = 0, precision = 0, recall = 0, f1 = 0;
};

/// Of one class, all areas, at the last of max_dets. Where it has no object, `objects` is 0 and the others are -1.
struct CategoryDetail {
  uint64_t objects = 0;  // crowds are not counted
  double ap50 = -1, ap75 = -1, recall = -1;  // recall: the mean over the ten IoUs of what is reached in the end
  BestCut best;
};

/// Means over the classes that have objects; -1 everywhere where none has.
struct MeanCurves {
  Precisions iou50{}, iou75{}, mean{};  // mean: over the ten IoUs
  std::vector<CategoryDetail> per_category;
};

MeanCurves mean_curves(const std::vector<CategoryCurves>& curves);  // (K)

}  // namespace mimdet
