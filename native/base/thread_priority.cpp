#include "base/thread_priority.h"

#ifdef __linux__
#include <sys/resource.h>

#include <algorithm>
#endif

namespace mimdet {

void give_way() {
#ifdef __linux__
  constexpr int kStep = 3, kLowest = 19;  // half the weight of an ordinary thread
  constexpr id_t kThisThread = 0;         // on Linux each thread has a priority of its own
  setpriority(PRIO_PROCESS, kThisThread, std::min(getpriority(PRIO_PROCESS, kThisThread) + kStep, kLowest));
#endif
}

}  // namespace mimdet
