#include "eval/object_shape.h"

#include <algorithm>

#include "base/error.h"
#include "eval/protocol.h"

namespace mimdet {
namespace {

template <class... Visitors>
struct Overloaded : Visitors... {
  using Visitors::operator()...;
};

bool has_mask(const CocoObject& object) { return !std::holds_alternative<std::monostate>(object.mask); }

void check_size(SizeHw size, SizeHw picture) {
  if (size == picture) return;
  const auto text = [](SizeHw s) { return std::to_string(s.height) + " x " + std::to_string(s.width); };
  fail_expected(ErrorCode::kInvalidArgument, "the picture's size " + text(picture), "segmentation.size", text(size));
}

// A list whose first member has four numbers holds boxes: pycocotools reads it so.
RleMask decode_rings(const Rings& rings, SizeHw picture) {
  const size_t numbers = rings.front().size();
  if (numbers < 4) fail_expected(ErrorCode::kInvalidArgument, "rings of at least 6 numbers", "segmentation", std::to_string(numbers));
  if (numbers > 4) return rle_from_polygons(picture, rings);
  std::vector<RleMask> boxes;
  for (const std::vector<double>& box : rings) {
    if (box.size() != 4) fail_expected(ErrorCode::kInvalidArgument, "boxes of 4 numbers", "segmentation", std::to_string(box.size()));
    boxes.push_back(rle_from_box(picture, {box[0], box[1], box[2], box[3]}));
  }
  return rle_union(boxes);
}

RleMask decode(const MaskSource& source, SizeHw picture) {
  if (picture == SizeHw{}) fail_expected(ErrorCode::kInvalidArgument, "height and width of the picture", "images", "a picture without");
  return std::visit(Overloaded{
                        [](const std::monostate&) -> RleMask {
                          fail_expected(ErrorCode::kInvalidArgument, "a mask", "segmentation", "nothing");
                        },
                        [&](const Rings& rings) { return decode_rings(rings, picture); },
                        [&](const CompressedRuns& runs) {
                          check_size(runs.size, picture);
                          return rle_from_string(runs.size, runs.counts);
                        },
                        [&](const UncompressedRuns& runs) {
                          check_size(runs.size, picture);
                          return rle_from_runs(runs.size, runs.runs);
                        },
                    },
                    source);
}

// Runs every error of `body` through the name of the object.
template <class Body>
auto naming(const CocoObject& object, Origin origin, Body body) {
  try {
    return body();
  } catch (const Error& error) {
    fail(ErrorCode::kDataset, std::string(error.what()) + " in " + object_name(object, origin));
  }
}

RleMask mask_or_box(const CocoObject& object, SizeHw picture, Origin origin) {
  if (has_mask(object) || origin == Origin::kGroundTruth || !object.box) return decode_mask(object, picture, origin);
  return naming(object, origin, [&] { return decode_rings({{object.box->begin(), object.box->end()}}, picture); });
}

double box_area(const BoxXywh& box) { return box[2] * box[3]; }

}  // namespace

std::string object_name(const CocoObject& object, Origin origin) {
  const std::string id = std::to_string(object.id);
  return origin == Origin::kGroundTruth ? "annotation " + id : "detections[" + id + "]";
}

RleMask decode_mask(const CocoObject& object, SizeHw picture, Origin origin) {
  return naming(object, origin, [&] { return decode(object.mask, picture); });
}

BoxShape BoxShape::read(const CocoObject& object, SizeHw picture, Origin origin) {
  const bool area_of_mask = !object.area && origin == Origin::kGroundTruth && has_mask(object);
  if (object.box && !area_of_mask) return {*object.box, object.area.value_or(box_area(*object.box))};
  if (!object.box && !has_mask(object))
    fail(ErrorCode::kDataset, "Expected a box for `bbox` but received nothing in " + object_name(object, origin));
  const RleMask mask = decode_mask(object, picture, origin);
  return {object.box.value_or(rle_bounding_box(mask)), object.area.value_or(static_cast<double>(rle_area(mask)))};
}

MaskShape MaskShape::read(const CocoObject& object, SizeHw picture, Origin origin) {
  RleMask mask = mask_or_box(object, picture, origin);
  MaskShape shape{std::move(mask.runs), 0, 0};
  uint32_t position = 0;
  for (size_t i = 0; i < shape.borders.size(); ++i) {
    if (i % 2 == 1) shape.pixels += shape.borders[i];
    position += shape.borders[i];
    shape.borders[i] = position;
  }
  if (shape.borders.size() % 2 == 1) shape.borders.pop_back();  // the zeros at the end
  const double own_area = has_mask(object) ? static_cast<double>(shape.pixels) : box_area(*object.box);
  shape.area = object.area.value_or(own_area);
  return shape;
}

double overlap(const BoxShape& detection, const BoxShape& ground_truth, bool crowd) {
  return box_iou(detection.box, ground_truth.box, crowd);
}

double overlap(const MaskShape& detection, const MaskShape& ground_truth, bool crowd) {
  const std::vector<uint32_t>&a = detection.borders, &b = ground_truth.borders;
  if (a.empty() || b.empty() || a.front() >= b.back() || b.front() >= a.back()) return 0;
  // The smaller mask lies in the larger one at best.
  const int64_t least = std::min(detection.pixels, ground_truth.pixels), most = std::max(detection.pixels, ground_truth.pixels);
  if (2 * least < most && (!crowd || ground_truth.pixels < detection.pixels)) return 0;
  int64_t shared = 0;
  for (size_t i = 0, j = 0; i < a.size() && j < b.size();) {
    const int64_t start = std::max(a[i], b[j]), end = std::min(a[i + 1], b[j + 1]);
    if (end > start) shared += end - start;
    a[i + 1] < b[j + 1] ? i += 2 : j += 2;
  }
  if (shared == 0) return 0;
  return static_cast<double>(shared) / static_cast<double>(crowd ? detection.pixels : detection.pixels + ground_truth.pixels - shared);
}

}  // namespace mimdet
