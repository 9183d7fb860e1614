// Whether a device has the memory that a pass needs: a picture that cannot fit is refused before anything is allocated, or the system
// kills the process. Before it: memory_budget (what is needed), base/system_memory. After it: detector, train/step_memory.
#pragma once

#include <c10/core/Device.h>
#include <c10/core/ScalarType.h>

#include <optional>

#include "base/geometry.h"
#include "model/config.h"

namespace mimdet {

/// Bytes that the process may still take on `device`, where they are fewer than `needed`; none where it fits, or nobody says. On the CPU memory that
/// is free within the process is the system's again before it is found too little.
std::optional<double> too_little_memory(double needed, at::Device device);

/// Memory that is free within the process goes back to the system, a GPU's too. Compute thread.
void give_back_all_free_memory();

/// What is about to go through the model.
struct PassMemory {
  at::Device device = at::kCPU;
  at::ScalarType dtype = at::kFloat;  // of activations on a GPU; on the CPU all are taken for float32
  int64_t pictures = 1;               // at once
  int64_t masks = 0;                  // of each picture, at most
  double kept_bytes = 0;              // beside each of them: other views of test-time augmentation
};

/// Throws Error(kOutOfMemory) with both figures where pictures of `padded_size` do not fit.
void check_memory(const ModelConfig& config, SizeHw padded_size, const PassMemory& pass);

}  // namespace mimdet
