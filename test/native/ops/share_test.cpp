// Work that any thread may take.
#include "ops/cpu/share.h"

#include <atomic>
#include <chrono>
#include <stdexcept>
#include <thread>
#include <vector>

#include "check.h"
#include "threads.h"

using namespace mimdet;
using mimdet::test::Threads;
using namespace std::chrono_literals;

namespace {

std::vector<int> times_taken(int64_t count) {
  std::vector<std::atomic<int>> taken(static_cast<size_t>(count));
  cpu::share(count, [&](cpu::Pieces& pieces) {
    for (int64_t i; pieces.take(i);) ++taken[static_cast<size_t>(i)];
  });
  return {taken.begin(), taken.end()};
}

}  // namespace

TEST("share: each piece is taken once, whatever their number, inside other parallel work too") {
  for (const int threads : {1, 3}) {
    const Threads setting(threads);
    for (const int64_t count : {0, 1, 2, 3, 100}) CHECK(times_taken(count) == std::vector<int>(static_cast<size_t>(count), 1));
  }
  const Threads setting(2);
  std::atomic<int> wrong = 0;
  at::parallel_for(0, 4, 1, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) wrong += times_taken(7) != std::vector<int>(7, 1);
  });
  CHECK_EQUAL(wrong.load(), 0);
}

TEST("share: a thread that is held up leaves the rest to the others") {
  const Threads setting(2);
  std::atomic<int64_t> by_slow = 0, by_others = 0;
  cpu::share(50, [&](cpu::Pieces& pieces) {
    bool slow = false;
    for (int64_t i; pieces.take(i);) {
      slow |= i == 0;
      std::this_thread::sleep_for(slow ? 50ms : 2ms);
      ++(slow ? by_slow : by_others);
    }
  });
  CHECK_EQUAL(by_slow + by_others, 50);
  CHECK(by_others > 3 * by_slow);
}

TEST("share: what a piece throws reaches the caller") {
  const Threads setting(2);
  const auto fail = [](cpu::Pieces& pieces) {
    for (int64_t i; pieces.take(i);)
      if (i == 5) throw std::runtime_error("five");
  };
  bool caught = false;
  try {
    cpu::share(20, fail);
  } catch (const std::runtime_error&) {
    caught = true;
  }
  CHECK(caught);
}
