// Which class was taken for which, and how good each picture is: all classes of a picture are matched together, unlike COCO's AP.
// Before it: coco_json, object_shape. After it: coco_eval, which hands it on where it was asked for.
#pragma once

#include <cstdint>
#include <vector>

#include "base/cancel.h"
#include "eval/coco_dataset.h"

namespace mimdet {

enum class IouType { kBbox, kSegm };

struct ConfusionOptions {
  IouType type = IouType::kBbox;
  double iou = 0.5;              // 0.5 to 1
  double score_threshold = 0.5;  // results below it count for nothing
};

/// Places in the categories by rising id; the place after the last is the background: a miss, or something found where nothing is.
struct ConfusionCell {
  size_t truth, found;
  uint64_t count;
};

struct PictureVerdict {
  int64_t picture_id;
  /// Panoptic quality over all classes: the sum of the hits' IoUs / (hits + (missed + extra) / 2). -1 where there is nothing to count.
  double quality;
  uint64_t hits;                // found, and of the right class
  std::vector<int64_t> missed;  // annotation ids: not found, or taken for another class
  std::vector<uint32_t> extra;  // places among the picture's own results, in the document's order, that are no hits
};

struct Confusion {
  ConfusionOptions options;
  std::vector<ConfusionCell> cells;       // those that are not 0, by truth, then by found
  std::vector<PictureVerdict> pictures;   // by rising id
};

/// Each result, best score first, takes the free object of any class that it covers best, as COCO does within a class; of equal IoUs
/// one of its own class. What it leaves over lies on a crowd (then it counts for nothing) or on the background. Crowds are no objects.
/// Throws kInvalidArgument for options out of range, kDataset for faulty objects, Cancelled.
Confusion confusion_of(const CocoDataset& dataset, const CocoResults& results, const ConfusionOptions& options, int64_t threads,
                       const CancelFlag& cancel);

}  // namespace mimdet
