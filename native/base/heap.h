// Memory that was freed in this process and not yet handed back to the system: the arena's, and what the C library keeps (the latter only
// where it is glibc). Before it: whoever ends large work (detectors and trainers built or closed, the engine). After it: arena.h.
#pragma once

namespace mimdet {

/// Hands back all of it. Building a model frees as much as it keeps, in pieces between what stays (150 MB for `base`).
void give_back_free_memory();

/// Hands back what no work has used since the last call; work like that before finds its memory as it left it.
void give_back_unused_memory();

}  // namespace mimdet
