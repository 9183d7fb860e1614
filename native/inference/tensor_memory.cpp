#include "inference/tensor_memory.h"

#include <c10/core/CPUAllocator.h>

#include "base/arena.h"

namespace mimdet {
namespace {

void give(void* block) {
  if (block) Arena::instance().give(block);
}

class ArenaAllocator : public c10::Allocator {
 public:
  c10::DataPtr allocate(size_t bytes) override {
    void* const block = bytes ? Arena::instance().take(bytes) : nullptr;
    TORCH_CHECK_WITH(OutOfMemoryError, block || bytes == 0, "The machine has no memory left for a tensor of ", bytes, " bytes");
    return {block, block, &give, c10::DeviceType::CPU};
  }

  c10::DeleterFnPtr raw_deleter() const override { return &give; }

  void copy_data(void* to, const void* from, size_t bytes) const override { default_copy_data(to, from, bytes); }
};

bool put_in() {
#ifndef __SANITIZE_ADDRESS__  // it looks after the C library's blocks alone
  if (c10::GetCPUAllocator() == c10::GetDefaultCPUAllocator()) c10::SetCPUAllocator(new ArenaAllocator(), 1);
#endif
  return true;
}

}  // namespace

void use_arena_for_tensors() {
  [[maybe_unused]] static const bool once = put_in();
}

}  // namespace mimdet
