#include "base/system_memory.h"

#include <algorithm>
#include <fstream>
#include <limits>

namespace mimdet {
namespace {

namespace fs = std::filesystem;

constexpr double kUnlimited = std::numeric_limits<double>::infinity();

/// The number behind `key` in a file of lines like "MemAvailable:  123 kB", or the file's first where key is empty.
std::optional<double> read_number(const fs::path& path, const std::string& key = "") {
  std::ifstream file(path);
  double value = 0;
  if (key.empty()) return file >> value ? std::optional(value) : std::nullopt;
  std::string word;
  while (file >> word)
    if (word == key && file >> value) return value;
  return std::nullopt;
}

double machine_memory(const SystemFiles& files) {
  const auto kilobytes = read_number(files.proc / "meminfo", "MemAvailable:");
  return kilobytes ? *kilobytes * 1024 : kUnlimited;
}

/// The names that one version of control groups has for the same things.
struct GroupFiles {
  const char *folder, *limit, *used, *stat_key;
};
constexpr GroupFiles kVersion1 = {"memory", "memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"};
constexpr GroupFiles kVersion2 = {"", "memory.max", "memory.current", "inactive_file"};

/// Page cache counts as used there, but makes room when asked.
double left_in(const fs::path& group, const GroupFiles& names) {
  const auto limit = read_number(group / names.limit), used = read_number(group / names.used);
  if (!limit || !used) return kUnlimited;  // "max" is no number
  return std::max(0.0, *limit - *used + read_number(group / "memory.stat", names.stat_key).value_or(0));
}

/// Of a group and of those around it, below the root: each has a limit of its own.
double left_below_root(const fs::path& root, const fs::path& own, const GroupFiles& names) {
  double left = kUnlimited;
  for (fs::path group = own.relative_path(); !group.empty(); group = group.parent_path()) left = std::min(left, left_in(root / group, names));
  return left;
}

bool names_memory(const std::string& controllers) { return ("," + controllers + ",").find(",memory,") != std::string::npos; }

/// Lines of "number:controllers:path"; version 2 names no controllers. In a container the path may be one of the machine's, of which only the
/// root is there.
double group_memory(const SystemFiles& files) {
  const fs::path root1 = files.control_groups / kVersion1.folder, root2 = files.control_groups / kVersion2.folder;
  double left = std::min(left_in(root1, kVersion1), left_in(root2, kVersion2));
  std::ifstream lines(files.proc / "self" / "cgroup");
  std::string line;
  while (std::getline(lines, line)) {
    const size_t first = line.find(':'), second = line.find(':', first + 1);
    if (first == std::string::npos || second == std::string::npos) continue;
    const std::string controllers = line.substr(first + 1, second - first - 1), path = line.substr(second + 1);
    if (controllers.empty()) left = std::min(left, left_below_root(root2, path, kVersion2));
    else if (names_memory(controllers)) left = std::min(left, left_below_root(root1, path, kVersion1));
  }
  return left;
}

}  // namespace

std::optional<double> available_memory(const SystemFiles& files) {
  const double least = std::min(machine_memory(files), group_memory(files));
  return least == kUnlimited ? std::nullopt : std::optional(least);
}

std::string gigabytes(double bytes) {
  const std::string text = std::to_string(bytes / 1e9);
  return text.substr(0, text.find('.') + 2) + " GB";
}

}  // namespace mimdet
