#include "data/training_objects.h"

#include <cmath>

#include "base/error.h"
#include "base/json.h"
#include "base/json_section.h"

namespace mimdet {
namespace {

constexpr double kMostCoordinate = 1e7;
constexpr int64_t kMostClasses = 1'000'000;

std::vector<double> read_coordinates(const Json& json, const std::string& name) {
  if (!json.is_array()) refuse_json("a list of numbers", name, json);
  std::vector<double> numbers;
  numbers.reserve(json.array().size());
  for (const Json& item : json.array()) {
    if (!item.is_number() || !(std::abs(item.number()) <= kMostCoordinate))
      refuse_json("numbers within ten million pixels", name, item);
    numbers.push_back(item.number());
  }
  return numbers;
}

PolygonMask read_polygons(const Json& json, const std::string& name) {
  if (!json.is_array()) refuse_json("a list of rings", name, json);
  PolygonMask rings;
  for (const Json& item : json.array()) {
    rings.push_back(read_coordinates(item, name + "[]"));
    if (rings.back().size() % 2 != 0) refuse_json("rings of x and y of each point", name, item);
  }
  return rings;
}

RleMask read_rle(const Json& json, SizeHw picture, const std::string& name) {
  JsonSection section(json, name);
  std::string counts;
  section.text("counts", counts);
  const Json* found = section.take("size");
  section.finish();
  const std::vector<double> size = read_coordinates(found ? *found : Json(), name + ".size");
  if (size.size() != 2 || size[0] != static_cast<double>(picture.height) || size[1] != static_cast<double>(picture.width))
    refuse_json("the picture's height and width", name + ".size", *found);
  return rle_from_string(picture, counts);
}

TrainingObject read_object(const Json& json, SizeHw picture, const std::string& name) {
  JsonSection section(json, name);
  TrainingObject object;
  section.integer("classId", object.class_id, 0, kMostClasses);
  const Json *box = section.take("box"), *polygons = section.take("polygons"), *rle = section.take("rle");
  section.finish();
  const std::vector<double> corners = read_coordinates(box ? *box : Json(), name + ".box");
  if (corners.size() != 4) refuse_json("four numbers", name + ".box", *box);
  std::copy(corners.begin(), corners.end(), object.box_xyxy.begin());
  if (polygons) object.mask = read_polygons(*polygons, name + ".polygons");
  if (rle) object.mask = read_rle(*rle, picture, name + ".rle");
  return object;
}

void add_mask(const ObjectMask& mask, Json::Object& members) {
  if (const auto* rings = std::get_if<PolygonMask>(&mask)) {
    Json::Array list;
    for (const std::vector<double>& ring : *rings) list.emplace_back(Json::Array(ring.begin(), ring.end()));
    members.emplace_back("polygons", std::move(list));
  } else if (const auto* rle = std::get_if<RleMask>(&mask)) {
    members.emplace_back("rle", Json::Object{{"size", Json::Array{rle->height, rle->width}}, {"counts", rle_to_string(*rle)}});
  }
}

}  // namespace

std::vector<TrainingObject> parse_training_objects(std::string_view json, SizeHw picture, const std::string& name) {
  try {
    const Json document = Json::parse(json);
    if (!document.is_array()) refuse_json("a list of objects", name, document);
    std::vector<TrainingObject> objects;
    for (const Json& item : document.array())
      objects.push_back(read_object(item, picture, name + "[" + std::to_string(objects.size()) + "]"));
    return objects;
  } catch (const JsonError& error) {
    fail_expected(ErrorCode::kInvalidArgument, "a JSON document", name, error.what());
  }
}

std::string training_objects_json(const std::vector<TrainingObject>& objects) {
  Json::Array list;
  for (const TrainingObject& object : objects) {
    Json::Object members{{"classId", object.class_id}, {"box", Json::Array(object.box_xyxy.begin(), object.box_xyxy.end())}};
    add_mask(object.mask, members);
    list.emplace_back(std::move(members));
  }
  return Json(std::move(list)).dump();
}

}  // namespace mimdet
