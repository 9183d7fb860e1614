#include "base/thread_priority.h"

#ifdef __linux__
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#endif

namespace mimdet {

void give_way() {
#ifdef __linux__
  constexpr int kStep = 3, kLowest = 19;  // half the weight of an ordinary thread
  const auto thread = static_cast<id_t>(syscall(SYS_gettid));  // of Linux, where each thread has a priority of its own
  setpriority(PRIO_PROCESS, thread, std::min(getpriority(PRIO_PROCESS, thread) + kStep, kLowest));
#endif
}

}  // namespace mimdet
