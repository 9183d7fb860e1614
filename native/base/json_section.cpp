// See json_section.h.
#include "base/json_section.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"

namespace mimdet {
namespace {

std::vector<double> read_numbers(const Json& json, const std::string& name, size_t count, double least) {
  const std::string what = (count ? std::to_string(count) : std::string("one or more")) + " numbers of at least " + Json(least).dump();
  if (!json.is_array() || json.array().empty() || json.array().size() > 64 || (count && json.array().size() != count))
    refuse_json(what, name, json);
  std::vector<double> values;
  for (const Json& item : json.array()) {
    if (!item.is_number() || !(item.number() >= least) || item.number() > 1e6) refuse_json(what, name, json);
    values.push_back(item.number());
  }
  return values;
}

}  // namespace

void refuse_json(const std::string& what, const std::string& name, const Json& received) {
  std::string text = received.dump();
  if (text.size() > 80) text = text.substr(0, 77) + "...";
  fail_expected(ErrorCode::kInvalidArgument, what, name, text);
}

JsonSection::JsonSection(const Json& json, std::string path) : json_(json), path_(std::move(path)) {
  if (!json.is_object()) refuse_json("an object", path_, json);
}

const Json* JsonSection::take(const char* key) {
  taken_.insert(key);
  return json_.find(key);
}

void JsonSection::finish() const {
  for (const auto& [key, value] : json_.object())
    if (!taken_.count(key)) fail_expected(ErrorCode::kInvalidArgument, "no such key", name(key), value.kind());
}

void JsonSection::boolean(const char* key, bool& value) {
  const Json* found = take(key);
  if (!found) return;
  if (!found->is_bool()) refuse_json("true or false", name(key), *found);
  value = found->boolean();
}

void JsonSection::integer(const char* key, int64_t& value, int64_t least, int64_t most) {
  const Json* found = take(key);
  if (!found) return;
  if (!found->is_number() || found->number() != std::floor(found->number()) || found->number() < static_cast<double>(least) ||
      found->number() > static_cast<double>(most))
    refuse_json("an integer from " + std::to_string(least) + " to " + std::to_string(most), name(key), *found);
  value = found->integer();
}

void JsonSection::number(const char* key, double& value, double least, double most) {
  const Json* found = take(key);
  if (!found) return;
  if (!found->is_number() || !(found->number() >= least && found->number() <= most))
    refuse_json("a number from " + Json(least).dump() + " to " + Json(most).dump(), name(key), *found);
  value = found->number();
}

void JsonSection::text(const char* key, std::string& value) {
  const Json* found = take(key);
  if (!found) return;
  if (!found->is_string()) refuse_json("a string", name(key), *found);
  value = found->string();
}

void JsonSection::choice(const char* key, std::string& value, const std::vector<std::string>& allowed) {
  const Json* found = take(key);
  if (!found) return;
  std::string what = "one of";
  for (const std::string& each : allowed) what += " '" + each + "'";
  if (!found->is_string() || std::find(allowed.begin(), allowed.end(), found->string()) == allowed.end())
    refuse_json(what, name(key), *found);
  value = found->string();
}

void JsonSection::numbers(const char* key, std::vector<double>& values, size_t count, double least) {
  const Json* found = take(key);
  if (found) values = read_numbers(*found, name(key), count, least);
}

void JsonSection::pair(const char* key, int64_t& first, int64_t& second) {
  const Json* found = take(key);
  if (!found) return;
  const auto values = read_numbers(*found, name(key), 2, 1);
  for (double v : values)
    if (v != std::floor(v)) refuse_json("two integers from 1 to 1000000", name(key), *found);
  first = static_cast<int64_t>(values[0]);
  second = static_cast<int64_t>(values[1]);
}

void JsonSection::sizes(const char* key, std::vector<std::vector<double>>& values) {
  const Json* found = take(key);
  if (!found) return;
  if (!found->is_array() || found->array().size() != 5) refuse_json("a list for each of the five levels", name(key), *found);
  values.clear();
  for (const Json& level : found->array()) values.push_back(read_numbers(level, name(key), 0, 1e-3));
  for (const auto& level : values)
    if (level.size() != values[0].size()) refuse_json("lists of one length", name(key), *found);  // the RPN head is shared
}

void JsonSection::strings(const char* key, std::vector<std::string>& values) {
  const Json* found = take(key);
  if (!found) return;
  if (!found->is_array() || found->array().empty() || found->array().size() > 100000) refuse_json("a list of names", name(key), *found);
  values.clear();
  for (const Json& item : found->array()) {
    if (!item.is_string()) refuse_json("a list of names", name(key), *found);
    values.push_back(item.string());
  }
  if (std::set<std::string>(values.begin(), values.end()).size() != values.size()) refuse_json("names that differ", name(key), *found);
}

}  // namespace mimdet
