// COCO's greedy matching within one class of one picture: each result, best score first, takes the free object that it covers best.
// Before it: object_groups, object_shape. After it: precision_curve.
#pragma once

#include <array>

#include "base/cancel.h"
#include "eval/object_groups.h"
#include "eval/object_shape.h"
#include "eval/protocol.h"

namespace mimdet {

/// What became of a result. Bit t of a word speaks for IoU threshold t; one word for each area range.
struct MatchedResult {
  double score = 0;
  uint32_t rank = 0;  // among the results of its class and picture, best score first; equal scores in the document's order
  std::array<uint16_t, coco::kAreas> matched{}, ignored{};
};

/// Objects that count in each area range: neither crowds nor outside of it.
using ObjectCounts = std::array<uint32_t, coco::kAreas>;

/// Fills `out`, one for each of the group's best results, as many as `out` has. Where IoUs are equal the later object wins, and objects
/// that do not count are taken only where no other is left, both as in pycocotools. Throws kDataset for faulty objects, Cancelled.
template <class Shape>
ObjectCounts match_group(const CocoDataset& dataset, const CocoResults& results, const ObjectGroup& group, std::span<MatchedResult> out,
                         const CancelFlag& cancel);

extern template ObjectCounts match_group<BoxShape>(const CocoDataset&, const CocoResults&, const ObjectGroup&, std::span<MatchedResult>,
                                                   const CancelFlag&);
extern template ObjectCounts match_group<MaskShape>(const CocoDataset&, const CocoResults&, const ObjectGroup&, std::span<MatchedResult>,
                                                    const CancelFlag&);

}  // namespace mimdet
