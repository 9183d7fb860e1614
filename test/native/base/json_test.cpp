#include "base/json.h"

#include "check.h"

using mimdet::Json;
using mimdet::JsonError;

namespace {
bool refuses(const char* text) {
  try {
    Json::parse(text);
  } catch (const JsonError&) {
    return true;
  }
  return false;
}
}  // namespace

TEST("json: a document is written as it was read") {
  const char* text = R"({"a":[1,2.5,-3e-07,true,null],"b":{"c":"line\u000aend \"quoted\""}})";
  CHECK_EQUAL(Json::parse(text).dump(), text);
}

TEST("json: what is no JSON is refused") {
  for (const char* text : {"", "{", "[1,]", "NaN", "{\"a\":Infinity}", "{} {}", "\"\xff\""}) CHECK(refuses(text));
}

TEST("json: nesting without bound is refused") { CHECK(refuses(std::string(100000, '[').c_str())); }

TEST("json: of a repeated key the last counts") { CHECK_EQUAL(Json::parse(R"({"a":1,"a":2})").at("a").integer(), 2); }
