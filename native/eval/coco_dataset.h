// What a COCO document says, before anything is decoded. Made by coco_json; read by object_groups and object_shape.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "structures/rle_mask.h"

namespace mimdet {

using Rings = std::vector<std::vector<double>>;  // each x0 y0 x1 y1 …, pixels

struct CompressedRuns {
  SizeHw size;
  std::string counts;
};

struct UncompressedRuns {
  SizeHw size;
  std::vector<int64_t> runs;
};

/// A `segmentation` as it was written. It is decoded, and found faulty, only where masks are evaluated.
using MaskSource = std::variant<std::monostate, Rings, CompressedRuns, UncompressedRuns>;

struct CocoPicture {
  int64_t id = 0;
  SizeHw size;  // 0 x 0 where the document has none
};

struct CocoCategory {
  int64_t id = 0;
  std::string name;
};

/// An annotation, or a result.
struct CocoObject {
  int64_t id = 0;  // of the annotation; of a result its place in the list, from 0
  int64_t picture_id = 0, category_id = 0;
  double score = 0;  // results only
  bool crowd = false;
  std::optional<double> area;  // as written; of results never
  std::optional<BoxXywh> box;
  MaskSource mask;
};

struct CocoDataset {
  std::vector<CocoPicture> pictures;
  std::vector<CocoCategory> categories;
  std::vector<CocoObject> annotations;
};

struct CocoResults {
  std::vector<CocoObject> objects;
};

}  // namespace mimdet
