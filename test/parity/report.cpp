#include "report.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <limits>

#include "base/json.h"

namespace mimdet::parity {

void Report::add(const std::string& name, double error, double tolerance) {
  const auto found = std::find_if(rows_.begin(), rows_.end(), [&](const Row& row) { return row.name == name; });
  if (found == rows_.end()) rows_.push_back({name, error, tolerance});
  else if (!(error <= found->error)) found->error = error;
}

void Report::add_failure(const std::string& name, const std::string& why) {
  add(name, std::numeric_limits<double>::infinity(), 0);
  notes_.push_back(name + ": " + why);
}

bool Report::all_equal() const {
  return !rows_.empty() && std::all_of(rows_.begin(), rows_.end(), [](const Row& row) { return row.ok(); });
}

std::string Report::table() const {
  size_t width = 8;
  for (const Row& row : rows_) width = std::max(width, row.name.size());
  std::string out;
  char line[512];
  for (const Row& row : rows_) {
    std::snprintf(line, sizeof line, "%-*s  %10.3g  %8.1g  %s\n", static_cast<int>(width), row.name.c_str(), row.error, row.tolerance,
                  row.ok() ? "equal" : "DIFFERENT");
    out += line;
  }
  for (const std::string& note : notes_) out += note + "\n";
  const auto equal = std::count_if(rows_.begin(), rows_.end(), [](const Row& row) { return row.ok(); });
  return out + std::to_string(equal) + " of " + std::to_string(rows_.size()) + " stations equal\n";
}

std::string Report::json() const {
  Json::Array stations;
  for (const Row& row : rows_)
    stations.push_back(Json::Object{{"name", row.name}, {"error", row.error}, {"tolerance", row.tolerance}, {"ok", row.ok()}});
  return Json(Json::Object{{"ok", all_equal()}, {"stations", stations}}).dump() + "\n";
}

}  // namespace mimdet::parity
