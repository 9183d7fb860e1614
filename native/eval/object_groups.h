// Annotations and results sorted by class and picture: what may match lies together. Before it: coco_json. After it: matcher.
#pragma once

#include <span>

#include "eval/coco_dataset.h"

namespace mimdet {

/// The objects of one class in one picture, in the order of the documents. There is at least one.
struct ObjectGroup {
  SizeHw picture_size;
  std::span<const uint32_t> annotations;  // places in CocoDataset::annotations
  std::span<const uint32_t> results;      // places in CocoResults::objects
};

struct ObjectGroups {
  std::vector<const CocoCategory*> categories;  // by rising id
  std::vector<ObjectGroup> groups;              // by class, then by rising id of the picture
  std::vector<size_t> first_group;              // of each class, and the end
  std::vector<uint32_t> annotation_places, result_places;  // what the groups point into
};

/// Objects of unknown classes, and annotations of unknown pictures, are left out, as by pycocotools; a result of an unknown picture
/// throws kDataset. The documents must outlive the answer.
ObjectGroups group_objects(const CocoDataset& dataset, const CocoResults& results);

}  // namespace mimdet
