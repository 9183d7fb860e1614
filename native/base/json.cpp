// Json: simdjson's tree copied into ours, and back to text.
#include "base/json.h"

#include <charconv>
#include <cmath>
#include <simdjson.h>

namespace mimdet {
namespace {

Json copy(simdjson::dom::element element) {
  using simdjson::dom::element_type;
  switch (element.type()) {
    case element_type::ARRAY: {
      Json::Array items;
      for (auto item : element.get_array()) items.push_back(copy(item));
      return items;
    }
    case element_type::OBJECT: {
      Json::Object members;
      for (auto member : element.get_object()) members.emplace_back(std::string(member.key), copy(member.value));
      return members;
    }
    case element_type::INT64: return static_cast<int64_t>(element.get_int64().value());
    case element_type::UINT64: return static_cast<double>(element.get_uint64().value());  // only those beyond int64
    case element_type::DOUBLE: return element.get_double().value();
    case element_type::STRING: return std::string(element.get_string().value());
    case element_type::BOOL: return element.get_bool().value();
    case element_type::NULL_VALUE: return {};
  }
  return {};
}

[[noreturn]] void wrong_kind(const char* expected, const Json& value) {
  throw JsonError(std::string("expected ") + expected + " but received " + value.kind());
}

void write_string(std::string& out, const std::string& text) {
  out += '"';
  for (unsigned char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += static_cast<char>(c);
    } else if (c < 0x20) {
      static constexpr char kHex[] = "0123456789abcdef";
      out += "\\u00";
      out += kHex[c >> 4];
      out += kHex[c & 15];
    } else {
      out += static_cast<char>(c);
    }
  }
  out += '"';
}

void write_number(std::string& out, double value) {
  if (!std::isfinite(value)) {  // JSON has no word for it
    out += "null";
    return;
  }
  char buffer[32];
  out.append(buffer, std::to_chars(buffer, buffer + sizeof buffer, value).ptr);
}

void write(std::string& out, const Json& json) {
  if (json.is_null()) {
    out += "null";
  } else if (json.is_bool()) {
    out += json.boolean() ? "true" : "false";
  } else if (json.is_integer()) {
    out += std::to_string(json.integer());
  } else if (json.is_number()) {
    write_number(out, json.number());
  } else if (json.is_string()) {
    write_string(out, json.string());
  } else if (json.is_array()) {
    out += '[';
    for (size_t i = 0; i < json.array().size(); ++i) {
      if (i) out += ',';
      write(out, json.array()[i]);
    }
    out += ']';
  } else {
    out += '{';
    for (size_t i = 0; i < json.object().size(); ++i) {
      if (i) out += ',';
      write_string(out, json.object()[i].first);
      out += ':';
      write(out, json.object()[i].second);
    }
    out += '}';
  }
}

}  // namespace

Json Json::parse(std::string_view text) {
  simdjson::dom::parser parser;
  simdjson::dom::element root;
  const auto error = parser.parse(text.data(), text.size()).get(root);  // copies: simdjson reads past the end
  if (error) throw JsonError(simdjson::error_message(error));
  return copy(root);
}

bool Json::boolean() const {
  if (!is_bool()) wrong_kind("a boolean", *this);
  return std::get<bool>(value_);
}

int64_t Json::integer() const {
  if (is_integer()) return std::get<int64_t>(value_);
  if (!is_number()) wrong_kind("an integer", *this);
  const double value = std::get<double>(value_);
  if (value != std::floor(value) || std::abs(value) >= 9.2e18) throw JsonError("expected an integer but received " + dump());
  return static_cast<int64_t>(value);
}

double Json::number() const {
  if (is_integer()) return static_cast<double>(std::get<int64_t>(value_));
  if (!is_number()) wrong_kind("a number", *this);
  return std::get<double>(value_);
}

const std::string& Json::string() const {
  if (!is_string()) wrong_kind("a string", *this);
  return std::get<std::string>(value_);
}

const Json::Array& Json::array() const {
  if (!is_array()) wrong_kind("an array", *this);
  return std::get<Array>(value_);
}

const Json::Object& Json::object() const {
  if (!is_object()) wrong_kind("an object", *this);
  return std::get<Object>(value_);
}

const Json* Json::find(std::string_view key) const {
  if (!is_object()) return nullptr;
  const Object& members = object();
  for (auto member = members.rbegin(); member != members.rend(); ++member)
    if (member->first == key) return &member->second;
  return nullptr;
}

const Json& Json::at(std::string_view key) const {
  if (!is_object()) wrong_kind("an object", *this);
  const Json* found = find(key);
  if (!found) throw JsonError("missing key \"" + std::string(key) + "\"");
  return *found;
}

const char* Json::kind() const {
  static constexpr const char* kNames[] = {"null", "a boolean", "a number", "a number", "a string", "an array", "an object"};
  return kNames[value_.index()];
}

std::string Json::dump() const {
  std::string out;
  write(out, *this);
  return out;
}

}  // namespace mimdet
