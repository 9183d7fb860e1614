// A JSON document as a tree of values. Parsing is simdjson's; this header stays free of it (3 s of compile time).
// Used by model/config, weights/safetensors, eval/coco_dataset and the parity program.
#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace mimdet {

class Json {
 public:
  using Array = std::vector<Json>;
  using Member = std::pair<std::string, Json>;
  using Object = std::vector<Member>;  // in the order of the document; a repeated key is kept

  Json() = default;
  Json(bool value) : value_(value) {}
  Json(int64_t value) : value_(value) {}
  Json(int value) : value_(static_cast<int64_t>(value)) {}
  Json(double value) : value_(value) {}
  Json(std::string value) : value_(std::move(value)) {}
  Json(const char* value) : value_(std::string(value)) {}
  Json(Array value) : value_(std::move(value)) {}
  Json(Object value) : value_(std::move(value)) {}

  /// Throws JsonError (what is wrong, in words) for anything that is not one whole JSON document in UTF-8.
  static Json parse(std::string_view text);

  bool is_null() const { return std::holds_alternative<std::monostate>(value_); }
  bool is_bool() const { return std::holds_alternative<bool>(value_); }
  bool is_integer() const { return std::holds_alternative<int64_t>(value_); }
  bool is_number() const { return is_integer() || std::holds_alternative<double>(value_); }
  bool is_string() const { return std::holds_alternative<std::string>(value_); }
  bool is_array() const { return std::holds_alternative<Array>(value_); }
  bool is_object() const { return std::holds_alternative<Object>(value_); }

  /// Each throws JsonError "expected a number but received a string" when the value is of another kind.
  bool boolean() const;
  int64_t integer() const;  // also a double without fraction that fits
  double number() const;
  const std::string& string() const;
  const Array& array() const;
  const Object& object() const;

  /// The member of that name (the last, where the key is repeated), or null where there is none or this is no object.
  const Json* find(std::string_view key) const;
  /// Like find, but throws JsonError naming the key where there is none.
  const Json& at(std::string_view key) const;

  /// "a number", "a string", … for messages.
  const char* kind() const;
  /// Shortest text that reads back as the same document.
  std::string dump() const;

 private:
  std::variant<std::monostate, bool, int64_t, double, std::string, Array, Object> value_;
};

/// What was wrong with a document. The caller knows what the document was, and says so in an Error of its own.
class JsonError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

}  // namespace mimdet
