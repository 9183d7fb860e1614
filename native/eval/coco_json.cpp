// COCO documents read straight from simdjson's tape: a result file has millions of numbers, too many for a tree of Json.
#include "eval/coco_json.h"

#include <algorithm>
#include <cmath>
#include <simdjson.h>

#include "base/error.h"

namespace mimdet {
namespace {

using simdjson::dom::array;
using simdjson::dom::element;
using simdjson::dom::element_type;
using simdjson::dom::object;

const char* kind(element value) {
  switch (value.type()) {
    case element_type::ARRAY: return "an array";
    case element_type::OBJECT: return "an object";
    case element_type::STRING: return "a string";
    case element_type::BOOL: return "a boolean";
    case element_type::NULL_VALUE: return "null";
    default: return "a number";
  }
}

// Where a value stands, for messages alone: "annotations[3].bbox (annotation 17)".
struct Place {
  const char* list;
  size_t index;
  std::optional<int64_t> annotation_id = {};

  std::string name(std::string_view key) const {
    std::string text = std::string(list) + '[' + std::to_string(index) + ']';
    if (!key.empty()) text += '.' + std::string(key);
    if (annotation_id) text += " (annotation " + std::to_string(*annotation_id) + ')';
    return text;
  }
  [[noreturn]] void refuse(const std::string& expected, std::string_view key, const std::string& received) const {
    fail_expected(ErrorCode::kDataset, expected, name(key), received);
  }
};

double read_number(element value, const Place& place, std::string_view key) {
  double number;
  if (value.get(number) != simdjson::SUCCESS) place.refuse("a number", key, kind(value));
  return number;
}

// Also 7.0, which some writers make of 7.
int64_t read_integer(element value, const Place& place, std::string_view key) {
  int64_t integer;
  if (value.get(integer) == simdjson::SUCCESS) return integer;
  const double number = read_number(value, place, key);
  if (!(std::abs(number) < 9e15) || number != static_cast<double>(static_cast<int64_t>(number)))
    place.refuse("an integer", key, std::to_string(number));
  return static_cast<int64_t>(number);
}

array read_array(element value, const Place& place, std::string_view key) {
  array items;
  if (value.get(items) != simdjson::SUCCESS) place.refuse("an array", key, kind(value));
  return items;
}

std::vector<double> read_numbers(element value, const Place& place, std::string_view key) {
  std::vector<double> numbers;
  for (const element item : read_array(value, place, key)) numbers.push_back(read_number(item, place, key));
  return numbers;
}

bool read_flag(element value, const Place& place, std::string_view key) {
  bool flag;
  return value.get(flag) == simdjson::SUCCESS ? flag : read_number(value, place, key) != 0;
}

// No box is an empty list, as in pycocotools.
std::optional<BoxXywh> read_box(element value, const Place& place) {
  const std::vector<double> numbers = read_numbers(value, place, "bbox");
  if (numbers.empty()) return {};
  if (numbers.size() != 4) place.refuse("four numbers", "bbox", std::to_string(numbers.size()));
  return BoxXywh{numbers[0], numbers[1], numbers[2], numbers[3]};
}

SizeHw read_size(element value, const Place& place) {
  std::vector<int64_t> sides;
  for (const element item : read_array(value, place, "segmentation.size")) sides.push_back(read_integer(item, place, "segmentation.size"));
  if (sides.size() != 2) place.refuse("height and width", "segmentation.size", std::to_string(sides.size()) + " numbers");
  return {sides[0], sides[1]};
}

MaskSource read_run_lengths(object fields, const Place& place) {
  element size, counts;
  if (fields["size"].get(size) != simdjson::SUCCESS) place.refuse("a size", "segmentation.size", "nothing");
  if (fields["counts"].get(counts) != simdjson::SUCCESS) place.refuse("run lengths", "segmentation.counts", "nothing");
  std::string_view text;
  if (counts.get(text) == simdjson::SUCCESS) return CompressedRuns{read_size(size, place), std::string(text)};
  UncompressedRuns runs{read_size(size, place), {}};
  for (const element item : read_array(counts, place, "segmentation.counts"))
    runs.runs.push_back(read_integer(item, place, "segmentation.counts"));
  return runs;
}

MaskSource read_mask(element value, const Place& place) {
  if (value.is_null()) return {};
  object fields;
  if (value.get(fields) == simdjson::SUCCESS) return read_run_lengths(fields, place);
  Rings rings;
  for (const element ring : read_array(value, place, "segmentation")) rings.push_back(read_numbers(ring, place, "segmentation"));
  if (rings.empty()) return {};
  return rings;
}

// The keys of an object, each read at most once; `require` says which one is missing.
class Fields {
 public:
  Fields(element value, const Place& place) : place_(place) {
    if (value.get(fields_) != simdjson::SUCCESS) place.refuse("an object", "", kind(value));
  }
  std::optional<element> find(std::string_view key) const {  // the last of that name, as Python's reader takes it
    std::optional<element> found;
    for (const auto field : fields_)
      if (field.key == key) found = field.value;
    return found;
  }
  element require(std::string_view key) const {
    const std::optional<element> found = find(key);
    if (!found) place_.refuse("a value", key, "nothing");
    return *found;
  }
  int64_t integer(std::string_view key) const { return read_integer(require(key), place_, key); }

 private:
  const Place& place_;
  object fields_;
};

CocoPicture read_picture(element value, const Place& place) {
  const Fields fields(value, place);
  CocoPicture picture{fields.integer("id"), {}};
  if (const auto height = fields.find("height")) picture.size.height = read_integer(*height, place, "height");
  if (const auto width = fields.find("width")) picture.size.width = read_integer(*width, place, "width");
  return picture;
}

CocoCategory read_category(element value, const Place& place) {
  const Fields fields(value, place);
  CocoCategory category{fields.integer("id"), {}};
  category.name = std::to_string(category.id);
  if (const auto name = fields.find("name")) {
    std::string_view text;
    if (name->get(text) != simdjson::SUCCESS) place.refuse("a string", "name", kind(*name));
    category.name = text;
  }
  return category;
}

CocoObject read_object(const Fields& fields, const Place& place) {
  CocoObject object;
  object.picture_id = fields.integer("image_id");
  object.category_id = fields.integer("category_id");
  if (const auto box = fields.find("bbox")) object.box = read_box(*box, place);
  if (const auto mask = fields.find("segmentation")) object.mask = read_mask(*mask, place);
  return object;
}

CocoObject read_annotation(element value, Place place) {
  const Fields fields(value, place);
  place.annotation_id = fields.integer("id");
  CocoObject annotation = read_object(fields, place);
  annotation.id = *place.annotation_id;
  if (const auto area = fields.find("area")) annotation.area = read_number(*area, place, "area");
  if (const auto crowd = fields.find("iscrowd")) annotation.crowd = read_flag(*crowd, place, "iscrowd");
  return annotation;
}

CocoObject read_result(element value, const Place& place) {
  const Fields fields(value, place);
  CocoObject result = read_object(fields, place);
  result.id = static_cast<int64_t>(place.index);
  result.score = read_number(fields.require("score"), place, "score");
  if (!result.box && std::holds_alternative<std::monostate>(result.mask)) place.refuse("a box or a mask", "bbox", "neither");
  return result;
}

template <class Item>
std::vector<Item> read_list(array items, const char* list, Item (*read)(element, const Place&)) {
  std::vector<Item> values;
  values.reserve(items.size());  // the tape counts at most 2^24 of them; more are only not reserved
  for (const element item : items) values.push_back(read(item, Place{list, values.size()}));
  return values;
}

template <class Item>
void refuse_repeated_ids(const std::vector<Item>& items, const char* list) {
  std::vector<int64_t> ids;
  ids.reserve(items.size());
  for (const Item& item : items) ids.push_back(item.id);
  std::sort(ids.begin(), ids.end());
  const auto repeated = std::adjacent_find(ids.begin(), ids.end());
  if (repeated != ids.end())
    fail_expected(ErrorCode::kDataset, "each id once", std::string(list) + "[].id", std::to_string(*repeated) + " twice");
}

array require_list(object root, const char* name) {
  element value;
  if (root[name].get(value) != simdjson::SUCCESS) fail_expected(ErrorCode::kDataset, "an array", name, "nothing");
  array items;
  if (value.get(items) != simdjson::SUCCESS) fail_expected(ErrorCode::kDataset, "an array", name, kind(value));
  return items;
}

element parse(simdjson::dom::parser& parser, std::string_view text, const char* what) {
  element root;
  const auto error = parser.parse(text.data(), text.size()).get(root);
  if (error) fail(ErrorCode::kDataset, std::string("Expected JSON for the ") + what + " but received: " + simdjson::error_message(error));
  return root;
}

}  // namespace

CocoDataset parse_coco_dataset(std::string_view text) {
  simdjson::dom::parser parser;
  const element document = parse(parser, text, "ground truth");
  object root;
  if (document.get(root) != simdjson::SUCCESS) fail_expected(ErrorCode::kDataset, "an object", "ground truth", kind(document));
  CocoDataset dataset;
  dataset.pictures = read_list<CocoPicture>(require_list(root, "images"), "images", read_picture);
  dataset.categories = read_list<CocoCategory>(require_list(root, "categories"), "categories", read_category);
  dataset.annotations = read_list<CocoObject>(require_list(root, "annotations"), "annotations",
                                              [](element value, const Place& place) { return read_annotation(value, place); });
  refuse_repeated_ids(dataset.pictures, "images");
  refuse_repeated_ids(dataset.categories, "categories");
  refuse_repeated_ids(dataset.annotations, "annotations");
  return dataset;
}

CocoResults parse_coco_results(std::string_view text) {
  simdjson::dom::parser parser;
  const element document = parse(parser, text, "detections");
  array items;
  if (document.get(items) != simdjson::SUCCESS) fail_expected(ErrorCode::kDataset, "an array of results", "detections", kind(document));
  return {read_list<CocoObject>(items, "detections", read_result)};
}

}  // namespace mimdet
