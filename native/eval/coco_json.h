// COCO documents as text → CocoDataset, CocoResults. Before it: a file that somebody read. After it: coco_eval.
#pragma once

#include <string_view>

#include "eval/coco_dataset.h"

namespace mimdet {

/// `images` (id, height, width), `annotations` (id, image_id, category_id, bbox, segmentation, area, iscrowd) and `categories` (id, name).
/// `ignore` is not read: COCO's tools overwrite it by `iscrowd`. Of a repeated key the last counts.
/// Throws kDataset, naming the place and the id, for anything that is missing, of another kind, or given twice.
CocoDataset parse_coco_dataset(std::string_view text);

/// COCO's result list: image_id, category_id, score, and bbox or segmentation or both. Throws kDataset like the other.
CocoResults parse_coco_results(std::string_view text);

}  // namespace mimdet
