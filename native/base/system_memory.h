// What memory the system has left for this process: of the machine, and of the control groups (a container's or a service's limit) that it
// lives in. After it: inference/device_memory, train/step_memory.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

namespace mimdet {

/// Where the system tells of memory; a test has its own.
struct SystemFiles {
  std::filesystem::path proc = "/proc", control_groups = "/sys/fs/cgroup";
};

/// Bytes that the process may still take, 0 where it has reached its limit; none where nobody says.
std::optional<double> available_memory(const SystemFiles& files = {});

/// "1.2 GB"
std::string gigabytes(double bytes);

}  // namespace mimdet
