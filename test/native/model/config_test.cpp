#include "model/config.h"

#include <map>

#include "base/json.h"
#include "check.h"

using namespace mimdet;
using mimdet::test::golden;
using mimdet::test::read_file;

namespace {

constexpr ErrorCode kInvalid = ErrorCode::kInvalidArgument;

/// One text for documents that say the same: 4.0 is 4, and the order of keys does not count.
std::string same_numbers(const Json& json) {
  if (json.is_number()) return std::to_string(json.number());
  if (json.is_array()) {
    std::string out;
    for (const Json& item : json.array()) out += same_numbers(item) + ",";
    return "[" + out + "]";
  }
  if (!json.is_object()) return json.dump();
  std::map<std::string, std::string> members;
  for (const auto& [key, value] : json.object()) members[key] = same_numbers(value);
  std::string out;
  for (const auto& [key, value] : members) out += key + ":" + value + ",";
  return "{" + out + "}";
}

void read_with(const std::string& text) { ModelConfig::from_json_text(text); }

}  // namespace

TEST("config: reference configurations are written as they were read") {
  for (const char* name : {"micro/config.json", "nuclei-tiny/config.json"}) {
    const Json json = Json::parse(read_file(golden(name)));
    CHECK_EQUAL(same_numbers(ModelConfig::from_json(json).to_json()), same_numbers(json));
  }
}

TEST("config: tiny is the configuration of the nuclei model") {
  const Json json = Json::parse(read_file(golden("nuclei-tiny/config.json")));
  CHECK_EQUAL(same_numbers(preset("tiny").to_json()), same_numbers(json));
}

TEST("config: base and large have the widths of the paper") {
  CHECK_EQUAL(preset("base").encoder.dim, 768);
  CHECK_EQUAL(preset("large").encoder.depth, 24);
  CHECK_EQUAL(preset("large").decoder.dim, 512);
  CHECK_EQUAL(preset("base").classes.size(), 80u);
  CHECK_FAILS(preset("huge"), kInvalid, "base, large or tiny");
}

TEST("config: every preset reads back") {
  for (const std::string& name : preset_names()) CHECK_EQUAL(same_numbers(ModelConfig::from_json(preset(name).to_json()).to_json()), same_numbers(preset(name).to_json()));
}

TEST("config: what no model can be built from is named") {
  CHECK_FAILS(read_with("{"), kInvalid, "JSON");
  CHECK_FAILS(read_with("[]"), kInvalid, "an object");
  CHECK_FAILS(read_with(R"({"classes":["a"],"colour":1})"), kInvalid, "config.colour");
  CHECK_FAILS(read_with(R"({"classes":["a"],"encoder":{"dim":-8}})"), kInvalid, "config.encoder.dim");
  CHECK_FAILS(read_with(R"({"classes":["a"],"encoder":{"dim":48,"heads":5}})"), kInvalid, "config.encoder.heads");
  CHECK_FAILS(read_with(R"({"classes":["a"],"encoder":{"dim":8,"heads":1,"mlpRatio":0.1}})"), kInvalid, "config.encoder.mlpRatio");
  CHECK_FAILS(read_with(R"({"classes":["a"],"decoder":{"dim":4,"heads":1,"mlpRatio":0.2}})"), kInvalid, "config.decoder.mlpRatio");
  CHECK_FAILS(read_with(R"({"classes":["a"],"imageSize":100})"), kInvalid, "config.imageSize");
  CHECK_FAILS(read_with(R"({"classes":["a"],"patchSize":8})"), kInvalid, "config.patchSize");
  CHECK_FAILS(read_with(R"({"classes":["a"],"sizeDivisibility":16})"), kInvalid, "config.sizeDivisibility");
  CHECK_FAILS(read_with(R"({"classes":["a"],"rpn":{"anchorSizes":[[8],[16]]}})"), kInvalid, "config.rpn.anchorSizes");
  CHECK_FAILS(read_with(R"({"classes":["a"],"rpn":{"anchorSizes":[[8],[16],[32],[64],[128,256]]}})"), kInvalid, "one length");
  CHECK_FAILS(read_with(R"({"classes":["a"],"roi":{"detectionsPerImage":1.5}})"), kInvalid, "config.roi.detectionsPerImage");
  CHECK_FAILS(read_with(R"({"classes":["a"],"pixelStd":[0,1,1]})"), kInvalid, "config.pixelStd");
  CHECK_FAILS(read_with(R"({"classes":["a","a"]})"), kInvalid, "names that differ");
  CHECK_FAILS(read_with(R"({"classes":[]})"), kInvalid, "config.classes");
}
