#include "ops/cpu/laid_out_rows.h"

#include <memory>
#include <new>

namespace mimdet::cpu {
namespace {

constexpr std::align_val_t kAlignment{64};

struct Free {
  void operator()(float* memory) const { operator delete(memory, kAlignment); }
};

}  // namespace

float* laid_out_rows() {
  thread_local const std::unique_ptr<float, Free> memory(static_cast<float*>(operator new(kLaidOutFloats * sizeof(float), kAlignment)));
  return memory.get();
}

}  // namespace mimdet::cpu
