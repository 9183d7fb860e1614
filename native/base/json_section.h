// Reads the members of a JSON object of settings, strictly: a wrong type, a number out of range and a key that nobody asks for are errors.
// Used by model/config, train/train_options and data/augment.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "base/json.h"

namespace mimdet {

/// Every method leaves `value` as it is where the key is not there, and throws Error(kInvalidArgument) "Expected X for `path.key`" for a wrong one.
class JsonSection {
 public:
  /// `path` is the object's name in messages ("config"); `json` must outlive the section.
  JsonSection(const Json& json, std::string path);

  void boolean(const char* key, bool& value);
  void integer(const char* key, int64_t& value, int64_t least, int64_t most);
  void number(const char* key, double& value, double least, double most);
  void text(const char* key, std::string& value);
  /// One of `allowed`.
  void choice(const char* key, std::string& value, const std::vector<std::string>& allowed);
  /// `count` numbers (0: one to 64) from `least` to a million.
  void numbers(const char* key, std::vector<double>& values, size_t count, double least);
  /// Two integers from 1 to a million.
  void pair(const char* key, int64_t& first, int64_t& second);
  /// Five lists of one length, of numbers of at least 0.001.
  void sizes(const char* key, std::vector<std::vector<double>>& values);
  /// One or more names that differ.
  void strings(const char* key, std::vector<std::string>& values);

  /// Calls `read(inner)` where the key is there, then inner.finish().
  template <class Read>
  void section(const char* key, Read read) {
    const Json* found = take(key);
    if (!found) return;
    JsonSection inner(*found, name(key));
    read(inner);
    inner.finish();
  }

  /// The member as it is, or null.
  const Json* take(const char* key);
  /// To be called last: refuses keys that nobody asked for.
  void finish() const;
  /// "path.key".
  std::string name(const std::string& key) const { return path_ + "." + key; }

 private:
  const Json& json_;
  std::string path_;
  std::set<std::string> taken_;
};

/// Error(kInvalidArgument) that shows what was received, cut to 80 bytes.
[[noreturn]] void refuse_json(const std::string& what, const std::string& name, const Json& received);

}  // namespace mimdet
