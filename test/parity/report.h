// Rows of the parity table: one station each, with the largest error and what is allowed.
#pragma once

#include <string>
#include <vector>

namespace mimdet::parity {

struct Row {
  std::string name;
  double error = 0;
  double tolerance = 0;  // 0: must be equal, `error` then counts what is not
  bool ok() const { return error <= tolerance; }  // false for NaN
};

class Report {
 public:
  /// Where the station is there twice (several pictures), the larger error counts.
  void add(const std::string& name, double error, double tolerance);
  /// A station that could not be compared: it has failed, and the reason is printed.
  void add_failure(const std::string& name, const std::string& why);

  bool all_equal() const;
  std::string table() const;
  std::string json() const;

 private:
  std::vector<Row> rows_;
  std::vector<std::string> notes_;
};

}  // namespace mimdet::parity
