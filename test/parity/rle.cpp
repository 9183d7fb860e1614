// golden/rle and golden/rle/more: run lengths, measures and rasterisation equal to pycocotools.
#include <functional>

#include "base/error.h"
#include "data_parity.h"
#include "structures/rle_mask.h"

namespace mimdet::parity {
namespace {

SizeHw read_size(const Json& json) { return {json.array().at(0).integer(), json.array().at(1).integer()}; }

std::vector<double> numbers(const Json& json) {
  std::vector<double> values;
  for (const Json& item : json.array()) values.push_back(item.number());
  return values;
}

BoxXywh read_box(const Json& json) {
  const auto values = numbers(json);
  return {values.at(0), values.at(1), values.at(2), values.at(3)};
}

std::vector<int64_t> integers(const Json& json) {
  std::vector<int64_t> values;
  for (const Json& item : json.array()) values.push_back(item.integer());
  return values;
}

/// Rows of '0' and '1' as bytes.
std::vector<uint8_t> read_bitmap(const Json& rows) {
  std::vector<uint8_t> bitmap;
  for (const Json& row : rows.array())
    for (char c : row.string()) bitmap.push_back(c == '1');
  return bitmap;
}

void equal(Report& report, const std::string& row, bool same) { report.add(row, same ? 0 : 1, 0); }

/// `box_key`: where the box of the mask stands; in "boxes", `bbox` is the input.
void compare_measures(const RleMask& mask, const Json& item, const std::string& row, Report& report, const char* box_key = "bbox") {
  if (const Json* area = item.find("area")) equal(report, row + ".area", rle_area(mask) == area->integer());
  if (const Json* box = item.find(box_key)) equal(report, row + ".bbox", rle_bounding_box(mask) == read_box(*box));
}

void compare_bitmap(const Json& item, Report& report) {
  const SizeHw size = read_size(item.at("rle").at("size"));
  const std::vector<uint8_t> bitmap = read_bitmap(item.at("bitmap"));
  const RleMask mask = rle_from_bitmap(bitmap.data(), size);
  equal(report, "bitmaps.counts", rle_to_string(mask) == item.at("rle").at("counts").string());
  equal(report, "bitmaps.runs", mask == rle_from_runs(size, integers(item.at("runs"))));
  equal(report, "bitmaps.decoded", rle_to_bitmap(rle_from_string(size, item.at("rle").at("counts").string())) == bitmap);
  compare_measures(mask, item, "bitmaps", report);
}

void compare_uncompressed(const Json& item, Report& report) {
  const RleMask mask = rle_from_runs(read_size(item.at("size")), integers(item.at("runs")));
  equal(report, "uncompressed.counts", rle_to_string(mask) == item.at("counts").string());
  equal(report, "uncompressed.bitmap", rle_to_bitmap(mask) == read_bitmap(item.at("bitmap")));
  compare_measures(mask, item, "uncompressed", report);
}

void compare_polygons(const Json& item, Report& report) {
  const SizeHw size = read_size(item.at("size"));
  std::vector<RleMask> each;
  for (size_t i = 0; i < item.at("polygons").array().size(); ++i) {
    each.push_back(rle_from_polygon(size, numbers(item.at("polygons").array()[i])));
    equal(report, "polygons.each", rle_to_string(each.back()) == item.at("each").array().at(i).string());
  }
  const RleMask all = rle_union(each);
  equal(report, "polygons.union", rle_to_string(all) == item.at("union").string());
  if (item.find("intersection")) equal(report, "polygons.intersection", rle_to_string(rle_intersection(each)) == item.at("intersection").string());
  compare_measures(all, item, "polygons", report);
}

void compare_box(const Json& item, Report& report) {
  const RleMask mask = rle_from_box(read_size(item.at("size")), read_box(item.at("bbox")));
  equal(report, "boxes.counts", rle_to_string(mask) == item.at("counts").string());
  compare_measures(mask, item, "boxes", report, "bbox_again");
}

/// `iou[d][g]`, bit for bit.
template <class Item>
void compare_matrix(const std::string& row, const std::vector<Item>& found, const std::vector<Item>& truth, const Json& crowd, const Json& expected,
                    const std::function<double(const Item&, const Item&, bool)>& iou, Report& report) {
  for (size_t d = 0; d < found.size(); ++d)
    for (size_t g = 0; g < truth.size(); ++g) {
      const Json& flag = crowd.array().at(g);
      const bool is_crowd = flag.is_bool() ? flag.boolean() : flag.integer() != 0;
      equal(report, row, iou(found[d], truth[g], is_crowd) == expected.array().at(d).array().at(g).number());
    }
}

std::vector<RleMask> read_masks(const Json& list) {
  std::vector<RleMask> masks;
  for (const Json& item : list.array()) masks.push_back(rle_from_string(read_size(item.at("size")), item.at("counts").string()));
  return masks;
}

std::vector<BoxXywh> read_boxes(const Json& list) {
  std::vector<BoxXywh> boxes;
  for (const Json& item : list.array()) boxes.push_back(read_box(item));
  return boxes;
}

void compare_iou(const Json& item, Report& report) {
  const std::vector<RleMask> found = read_masks(item.at("dt"));
  compare_matrix<RleMask>("iou.masks", found, read_masks(item.at("gt")), item.at("iscrowd"), item.at("iou"), rle_iou, report);
  compare_matrix<BoxXywh>("iou.boxes", read_boxes(item.at("boxes_dt")), read_boxes(item.at("boxes_gt")), item.at("boxes_iscrowd"), item.at("boxes_iou"),
                          box_iou, report);
  const Json* first = item.find("intersection_of");
  const std::span<const RleMask> all = found, some = all.first(first ? static_cast<size_t>(first->integer()) : found.size());
  equal(report, "iou.union", rle_to_string(rle_union(all)) == item.at("union").string());
  equal(report, "iou.intersection", rle_to_string(rle_intersection(some)) == item.at("intersection").string());
  if (const Json* areas = item.find("area"))
    for (size_t d = 0; d < found.size(); ++d) equal(report, "iou.area", rle_area(found[d]) == areas->array().at(d).integer());
}

bool is_refused(const Json& item) {
  try {
    const SizeHw size = read_size(item.at("size"));
    if (item.find("counts") && item.at("counts").is_string()) rle_from_string(size, item.at("counts").string());
    else if (item.find("counts")) rle_from_runs(size, integers(item.at("counts")));
    else if (item.find("runs")) rle_from_runs(size, integers(item.at("runs")));
    else if (item.find("polygons"))
      for (const Json& ring : item.at("polygons").array()) rle_from_polygon(size, numbers(ring));
  } catch (const Error&) {
    return true;
  } catch (const JsonError&) {
    return true;
  }
  return false;
}

void each(const Json& json, const char* key, Report& report, void (*compare)(const Json&, Report&)) {
  if (const Json* list = json.find(key))
    for (const Json& item : list->array()) compare(item, report);
}

}  // namespace

void compare_rle(const Folder& folder, Report& report) {
  const Json json = folder.json("rle.json");
  each(json, "bitmaps", report, compare_bitmap);
  each(json, "uncompressed", report, compare_uncompressed);
  each(json, "polygons", report, compare_polygons);
  each(json, "boxes", report, compare_box);
  each(json, "iou", report, compare_iou);
  each(json, "refuse", report, [](const Json& item, Report& rows) { equal(rows, "refuse." + item.at("name").string(), is_refused(item)); });
}

}  // namespace mimdet::parity
