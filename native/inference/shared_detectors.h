// Models that this process has loaded, by the file that they came from: who loads the same file in the same way, on a worker thread for
// one, uses the weights that are in memory already.
// Before it: the addon's load. After it: session, which keeps the detector; nobody else does.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>

#include "inference/detector.h"

namespace mimdet {

/// Equal for two loads whose detectors would be equal: the file on the disk (device, inode, size, time of its last change) and the
/// options. Empty where there is no such file.
std::string detector_key(const std::string& path, const DetectorOptions& options);

/// Any thread may ask; a detector itself belongs to the compute thread, which all of its sessions share.
class SharedDetectors {
 public:
  static SharedDetectors& instance();

  bool holds(const std::string& key) const;
  /// Null where nobody has it, or its last owner has closed.
  std::shared_ptr<Detector> find(const std::string& key) const;
  /// From now on it is found, as long as somebody owns it.
  void add(const std::string& key, const std::shared_ptr<Detector>& detector);

 private:
  mutable std::mutex mutex_;
  std::unordered_map<std::string, std::weak_ptr<Detector>> detectors_;
};

}  // namespace mimdet
