// Where LibTorch takes the memory of tensors on the CPU. Before it: base/arena. After it: every operator.
#pragma once

namespace mimdet {

/// Gives LibTorch an allocator whose memory is the arena's. For the whole process and for good: to be called before the first tensor, once or
/// more often. Does nothing where somebody's allocator is in its place already (that of another copy of this package).
void use_arena_for_tensors();

}  // namespace mimdet
