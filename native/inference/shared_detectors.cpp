#include "inference/shared_detectors.h"

#include <sys/stat.h>

#include <sstream>

namespace mimdet {

std::string detector_key(const std::string& path, const DetectorOptions& options) {
  struct stat file = {};
  if (stat(path.c_str(), &file) != 0) return {};
  std::ostringstream key;
  key << file.st_dev << ' ' << file.st_ino << ' ' << file.st_size << ' ' << file.st_mtim.tv_sec << ' ' << file.st_mtim.tv_nsec << ' '
      << options.device << ' ' << options.precision << ' ' << options.threads << ' ' << options.min_size << ' ' << options.max_size;
  return key.str();
}

SharedDetectors& SharedDetectors::instance() {
  static SharedDetectors* const detectors = new SharedDetectors();  // never destroyed: threads may outlive static destructors
  return *detectors;
}

bool SharedDetectors::holds(const std::string& key) const {
  const std::lock_guard lock(mutex_);
  const auto found = detectors_.find(key);
  return found != detectors_.end() && !found->second.expired();
}

std::shared_ptr<Detector> SharedDetectors::find(const std::string& key) const {
  const std::lock_guard lock(mutex_);
  const auto found = detectors_.find(key);
  return found == detectors_.end() ? nullptr : found->second.lock();
}

void SharedDetectors::add(const std::string& key, const std::shared_ptr<Detector>& detector) {
  const std::lock_guard lock(mutex_);
  std::erase_if(detectors_, [](const auto& entry) { return entry.second.expired(); });
  detectors_[key] = detector;
}

}  // namespace mimdet
