// The box, or the mask, of a COCO object and the area by which it is sorted into small, medium and large; overlaps of two.
// Before it: coco_json. After it: matcher. Faulty masks are found here, and named by annotation id or place in the results.
#pragma once

#include "eval/coco_dataset.h"

namespace mimdet {

enum class Origin { kGroundTruth, kResult };

/// "annotation 17" or "detections[5]", for messages.
std::string object_name(const CocoObject& object, Origin origin);

/// Throws kDataset where there is no mask, where it does not fit the picture, or where it is faulty.
RleMask decode_mask(const CocoObject& object, SizeHw picture, Origin origin);

/// Area: as written in the ground truth; else of the box; where there is no box, both are those of the mask.
/// (A ground truth without a written area takes its mask's.)
struct BoxShape {
  BoxXywh box;
  double area;
  static BoxShape read(const CocoObject& object, SizeHw picture, Origin origin);
  size_t bytes() const { return 0; }
};

/// Area: as written in the ground truth; else of the mask, whatever box stands beside it. A result without a mask stands for
/// the rectangle of its box, as in pycocotools.
struct MaskShape {
  std::vector<uint32_t> borders;  // ones are at the positions [borders[0], borders[1]), [borders[2], borders[3]) …, column by column
  int64_t pixels;
  double area;
  static MaskShape read(const CocoObject& object, SizeHw picture, Origin origin);
  size_t bytes() const { return borders.capacity() * sizeof borders[0]; }
};

/// IoU (over the detection's own area for a crowd), or anything below the lowest threshold, 0.5, where it is surely below.
double overlap(const BoxShape& detection, const BoxShape& ground_truth, bool crowd);
double overlap(const MaskShape& detection, const MaskShape& ground_truth, bool crowd);

}  // namespace mimdet
