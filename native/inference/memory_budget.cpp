#include "inference/memory_budget.h"

#include <algorithm>
#include <chrono>
#include <fstream>
#include <limits>
#include <mutex>
#include <string>

#include "base/error.h"
#include "base/heap.h"

namespace mimdet {
namespace {

constexpr double kFloatBytes = 4;
constexpr double kUnlimited = std::numeric_limits<double>::infinity();

/// The number behind `key` in a file of lines like "MemAvailable:  123 kB", or the file's first where key is empty. -1: none.
double read_number(const char* path, const std::string& key = "") {
  std::ifstream file(path);
  double value = 0;
  if (key.empty()) return file >> value ? value : -1;
  std::string word;
  while (file >> word)
    if (word == key && file >> value) return value;
  return -1;
}

double machine_memory() {
  const double kilobytes = read_number("/proc/meminfo", "MemAvailable:");
  return kilobytes < 0 ? kUnlimited : kilobytes * 1024;
}

/// Page cache counts as used there, but makes room when asked.
double group_memory(const char* limit_path, const char* used_path, const char* stat_path, const char* cache_key) {
  const double limit = read_number(limit_path), used = read_number(used_path);
  if (limit < 0 || used < 0) return kUnlimited;  // "max" is no number
  return std::max(0.0, limit - used + std::max(0.0, read_number(stat_path, cache_key)));
}

/// Asking takes 0.2 ms, as long as everything else around a small picture. What was there a moment ago is taken for there still, where no
/// more than a part of it is needed.
constexpr std::chrono::milliseconds kFresh{500};
constexpr double kTrusted = 0.25;

class Reading {
 public:
  /// 0 where it is too old.
  double get() const {
    const std::lock_guard lock(mutex_);
    return std::chrono::steady_clock::now() - at_ < kFresh ? bytes_ : 0;
  }
  void set(double bytes) {
    const std::lock_guard lock(mutex_);
    bytes_ = bytes, at_ = std::chrono::steady_clock::now();
  }

 private:
  mutable std::mutex mutex_;
  double bytes_ = 0;
  std::chrono::steady_clock::time_point at_;
};

Reading last_reading;

std::string gigabytes(double bytes) {
  const std::string text = std::to_string(bytes / 1e9);
  return text.substr(0, text.find('.') + 2) + " GB";
}

}  // namespace

double forward_bytes(const ModelConfig& config, SizeHw padded_size) {
  const double pixels = static_cast<double>(padded_size.height) * static_cast<double>(padded_size.width);
  const double patches = pixels / (fixed::kStride * fixed::kStride);
  const double dim = static_cast<double>(config.encoder.dim);
  const double input = pixels * 3 * 2;           // as bytes, normalised, in the model's precision
  const double stem = pixels / 4 * dim / 8 * 2;  // first stage: convolved, then normalised
  const double tokens = patches * dim * (4 + config.encoder.mlp_ratio);
  const double pyramid = pyramid_bytes(config, padded_size) / kFloatBytes * 4;  // lateral, output; RPN's two
  const double bins = static_cast<double>(config.roi.box_pool * config.roi.box_pool);
  const double rois = static_cast<double>(config.rpn.post_nms_topk_test * config.fpn_channels) * bins;
  return (input + stem + tokens + pyramid + rois) * kFloatBytes;
}

double pyramid_bytes(const ModelConfig& config, SizeHw padded_size) {
  const double pixels = static_cast<double>(padded_size.height) * static_cast<double>(padded_size.width);
  return pixels / 16 * 4 / 3 * static_cast<double>(config.fpn_channels) * kFloatBytes;  // strides 4, 8, …: a third more than the first
}

double available_memory() {
  const double least = std::min({
      machine_memory(),
      group_memory("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory.current", "/sys/fs/cgroup/memory.stat", "inactive_file"),
      group_memory("/sys/fs/cgroup/memory/memory.limit_in_bytes", "/sys/fs/cgroup/memory/memory.usage_in_bytes",
                   "/sys/fs/cgroup/memory/memory.stat", "total_inactive_file"),
  });
  return least == kUnlimited ? 0 : least;
}

double memory_for(double needed) {
  if (const double known = last_reading.get(); needed <= known * kTrusted) return known;
  double available = available_memory();
  if (available != 0 && needed > available) {
    give_back_free_memory();
    available = available_memory();
  }
  last_reading.set(available);
  return available;
}

void check_memory(const ModelConfig& config, SizeHw padded_size, double kept_bytes) {
  const double needed = forward_bytes(config, padded_size) + kept_bytes, available = memory_for(needed);
  if (available == 0 || needed <= available) return;
  fail_expected(ErrorCode::kOutOfMemory, "a picture that needs at most " + gigabytes(available) + " of memory", "image",
                "one that is " + std::to_string(padded_size.width) + " x " + std::to_string(padded_size.height) +
                    " pixels after resizing, which needs " + gigabytes(needed));
}

}  // namespace mimdet
