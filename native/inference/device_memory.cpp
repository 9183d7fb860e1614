#include "inference/device_memory.h"

#include <ATen/DeviceAccelerator.h>

#include <chrono>
#include <mutex>
#include <string>

#include "base/error.h"
#include "base/heap.h"
#include "base/system_memory.h"
#include "inference/memory_budget.h"

namespace mimdet {
namespace {

constexpr double kFloatBytes = 4;

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

/// What the card has free, and what the caching allocator holds of it without a tensor in it.
double free_on_gpu(at::Device device) {
  const auto stats = at::accelerator::getDeviceStats(device.index());
  constexpr auto all = static_cast<size_t>(c10::CachingAllocator::StatType::AGGREGATE);
  return static_cast<double>(at::accelerator::getMemoryInfo(device.index()).first) +
         static_cast<double>(stats.reserved_bytes[all].current - stats.allocated_bytes[all].current);
}

double number_bytes(const PassMemory& pass) {
  return pass.device.is_cpu() ? kFloatBytes : static_cast<double>(c10::elementSize(pass.dtype));
}

/// None where nobody says.
std::optional<double> memory_of_machine(double needed) {
  if (const double known = last_reading.get(); needed <= known * kTrusted) return known;
  std::optional<double> available = available_memory();
  if (available && needed > *available) {
    give_back_free_memory();
    available = available_memory();
  }
  last_reading.set(available.value_or(0));
  return available;
}

}  // namespace

std::optional<double> too_little_memory(double needed, at::Device device) {
  const std::optional<double> available = device.is_cpu() ? memory_of_machine(needed) : free_on_gpu(device);
  return available && needed > *available ? available : std::nullopt;
}

void give_back_all_free_memory() {
  give_back_free_memory();
  if (at::getAccelerator() == at::kCUDA && at::getDeviceAllocator(at::kCUDA)->initialized()) at::accelerator::emptyCache();
}

void check_memory(const ModelConfig& config, SizeHw padded_size, const PassMemory& pass) {
  const double one = forward_bytes(config, padded_size, pass.masks) + pass.kept_bytes;
  const double needed = one * static_cast<double>(pass.pictures) * number_bytes(pass) / kFloatBytes;
  const std::optional<double> available = too_little_memory(needed, pass.device);
  if (!available) return;
  fail_expected(ErrorCode::kOutOfMemory, "pictures that need at most " + gigabytes(*available) + " of memory", "image",
                std::to_string(pass.pictures) + " of " + std::to_string(padded_size.width) + " x " + std::to_string(padded_size.height) +
                    " pixels after resizing, which needs " + gigabytes(needed));
}

}  // namespace mimdet
