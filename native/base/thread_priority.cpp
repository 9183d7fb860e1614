#include "base/thread_priority.h"

#ifdef __linux__
#include <sched.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#endif

namespace mimdet {
#ifdef __linux__
namespace {

constexpr id_t kThisThread = 0;  // on Linux each thread has a priority and a slice of its own

/// As the kernel has it (sched_setattr(2)); the C library's headers have neither it nor the call before version 2.41.
struct SchedulingAttributes {
  uint32_t size = sizeof(SchedulingAttributes), policy = SCHED_OTHER;
  uint64_t flags = 0;
  int32_t nice = 0;
  uint32_t priority = 0;
  uint64_t runtime = 0, deadline = 0, period = 0;
};

/// How long this thread would like to run at a time. One that wakes up and asks for less comes first at once (Linux 6.12; older ones do not
/// look at it).
void ask_for_long_slices(int nice) {
  constexpr uint64_t kLongest = 100'000'000;  // nanoseconds
  SchedulingAttributes attributes;
  attributes.nice = nice;
  attributes.runtime = kLongest;
  syscall(SYS_sched_setattr, 0, &attributes, 0);  // where it is refused the thread is as it was
}

}  // namespace
#endif

void give_way([[maybe_unused]] int steps) {
#ifdef __linux__
  constexpr int kLowest = 19;
  const int nice = std::min(getpriority(PRIO_PROCESS, kThisThread) + steps, kLowest);
  setpriority(PRIO_PROCESS, kThisThread, nice);
  ask_for_long_slices(nice);
#endif
}

}  // namespace mimdet
