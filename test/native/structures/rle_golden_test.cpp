// Run lengths against pycocotools: golden/rle and golden/rle/more, every case.
#include <cstring>

#include "base/json.h"
#include "check.h"
#include "structures/rle_mask.h"

using namespace mimdet;

namespace {

SizeHw size_of(const Json& json) {
  const auto& size = json.at("size").array();
  return {size[0].integer(), size[1].integer()};
}

std::vector<double> numbers(const Json& json) {
  std::vector<double> values;
  for (const Json& value : json.array()) values.push_back(value.number());
  return values;
}

BoxXywh box_of(const Json& json) {
  const std::vector<double> values = numbers(json);
  return {values[0], values[1], values[2], values[3]};
}

std::vector<uint8_t> pixels_of(const Json& rows) {
  std::vector<uint8_t> pixels;
  for (const Json& row : rows.array())
    for (const char c : row.string()) pixels.push_back(c == '1');
  return pixels;
}

RleMask mask_of(const Json& rle) { return rle_from_string(size_of(rle), rle.at("counts").string()); }

std::vector<RleMask> masks_of(const Json& list) {
  std::vector<RleMask> masks;
  for (const Json& rle : list.array()) masks.push_back(mask_of(rle));
  return masks;
}

std::vector<int64_t> runs_of(const Json& json) {
  std::vector<int64_t> runs;
  for (const Json& run : json.array()) runs.push_back(run.integer());
  return runs;
}

bool same_bits(double a, double b) { return std::memcmp(&a, &b, sizeof a) == 0; }

// Calls `check` for each case of that kind in both files.
void for_each_case(const char* kind, const std::function<void(const Json&)>& check) {
  int count = 0;
  for (const char* file : {"rle/rle.json", "rle/more/rle.json"}) {
    if (mimdet::test::golden(file).empty()) continue;
    const Json document = Json::parse(mimdet::test::read_file(mimdet::test::golden(file)));
    const Json* cases = document.find(kind);
    for (const Json& item : cases ? cases->array() : Json::Array{}) check(item), ++count;
  }
  if (count == 0) mimdet::test::report_skip("no reference data in golden/rle");
}

void check_measures(const Json& item, const RleMask& mask) {
  if (const Json* area = item.find("area")) CHECK_EQUAL(rle_area(mask), area->integer());
  if (const Json* box = item.find("bbox"); box && item.find("polygons") == nullptr) CHECK(rle_bounding_box(mask) == box_of(*box));
}

}  // namespace

TEST("rle golden: bitmaps to strings and back") {
  for_each_case("bitmaps", [](const Json& item) {
    const RleMask mask = mask_of(item.at("rle"));
    const std::vector<uint8_t> pixels = pixels_of(item.at("bitmap"));
    const RleMask encoded = rle_from_bitmap(pixels.data(), mask.size());
    CHECK(encoded == mask);
    CHECK_EQUAL(rle_to_string(encoded), item.at("rle").at("counts").string());
    CHECK(rle_from_runs(mask.size(), runs_of(item.at("runs"))) == mask);
    CHECK(rle_to_bitmap(mask) == pixels);
    check_measures(item, mask);
  });
}

TEST("rle golden: uncompressed runs are kept as they are") {
  for_each_case("uncompressed", [](const Json& item) {
    const RleMask mask = rle_from_runs(size_of(item), runs_of(item.at("runs")));
    CHECK_EQUAL(rle_to_string(mask), item.at("counts").string());
    CHECK(rle_to_bitmap(mask) == pixels_of(item.at("bitmap")));
    check_measures(item, mask);
  });
}

TEST("rle golden: polygons") {
  for_each_case("polygons", [](const Json& item) {
    const SizeHw size = size_of(item);
    std::vector<std::vector<double>> rings;
    std::vector<RleMask> each;
    for (const Json& ring : item.at("polygons").array()) {
      rings.push_back(numbers(ring));
      each.push_back(rle_from_polygon(size, rings.back()));
      CHECK_EQUAL(rle_to_string(each.back()), item.at("each").array()[each.size() - 1].string());
    }
    const RleMask whole = rle_from_polygons(size, rings);
    CHECK_EQUAL(rle_to_string(whole), item.at("union").string());
    if (const Json* shared = item.find("intersection")) CHECK_EQUAL(rle_to_string(rle_intersection(each)), shared->string());
    CHECK_EQUAL(rle_area(whole), item.at("area").integer());
    CHECK(rle_bounding_box(whole) == box_of(item.at("bbox")));
  });
}

TEST("rle golden: boxes") {
  for_each_case("boxes", [](const Json& item) {
    const RleMask mask = rle_from_box(size_of(item), box_of(item.at("bbox")));
    CHECK_EQUAL(rle_to_string(mask), item.at("counts").string());
    if (const Json* area = item.find("area")) CHECK_EQUAL(rle_area(mask), area->integer());
    if (const Json* again = item.find("bbox_again")) CHECK(rle_bounding_box(mask) == box_of(*again));
  });
}

TEST("rle golden: IoU of masks and of boxes, bit for bit, and merged masks") {
  for_each_case("iou", [](const Json& item) {
    const std::vector<RleMask> dt = masks_of(item.at("dt")), gt = masks_of(item.at("gt"));
    for (size_t d = 0; d < dt.size(); ++d)
      for (size_t g = 0; g < gt.size(); ++g)
        CHECK(same_bits(rle_iou(dt[d], gt[g], item.at("iscrowd").array()[g].integer() != 0),
                        item.at("iou").array()[d].array()[g].number()));
    const auto &boxes_dt = item.at("boxes_dt").array(), &boxes_gt = item.at("boxes_gt").array();
    for (size_t d = 0; d < boxes_dt.size(); ++d)
      for (size_t g = 0; g < boxes_gt.size(); ++g)
        CHECK(same_bits(box_iou(box_of(boxes_dt[d]), box_of(boxes_gt[g]), item.at("boxes_iscrowd").array()[g].integer() != 0),
                        item.at("boxes_iou").array()[d].array()[g].number()));
    const auto text = [](const Json& json) { return json.is_string() ? json.string() : json.at("counts").string(); };
    CHECK_EQUAL(rle_to_string(rle_union(dt)), text(item.at("union")));
    const Json* count = item.find("intersection_of");  // of the first so many, else of all
    const size_t shared = count ? static_cast<size_t>(count->integer()) : dt.size();
    CHECK_EQUAL(rle_to_string(rle_intersection(std::span(dt).first(shared))), text(item.at("intersection")));
  });
}

TEST("rle golden: what does not fill the picture is refused") {
  for_each_case("refuse", [](const Json& item) {
    if (const Json* counts = item.find("counts")) {
      CHECK_FAILS(rle_from_string(size_of(item), counts->string()), ErrorCode::kInvalidArgument, "Expected");
    } else if (item.at("runs").array()[0].is_integer()) {  // text instead of numbers is refused by eval/coco_json
      CHECK_FAILS(rle_from_runs(size_of(item), runs_of(item.at("runs"))), ErrorCode::kInvalidArgument, "Expected");
    }
  });
}
