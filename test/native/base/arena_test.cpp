#include "base/arena.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <random>
#include <span>
#include <thread>
#include <vector>

#include "check.h"

using mimdet::Arena;

namespace {

constexpr size_t kMegabyte = size_t{1} << 20;

/// A block that is filled with a number of its own.
struct Filled {
  unsigned char* start;
  size_t bytes;
  unsigned char number;

  bool is_whole() const { return std::all_of(start, start + bytes, [this](unsigned char each) { return each == number; }); }
};

Filled fill(Arena& arena, size_t bytes, unsigned char number) {
  auto* start = static_cast<unsigned char*>(arena.take(bytes));
  std::fill_n(start, bytes, number);
  return {start, bytes, number};
}

/// How many of a block's pages are in memory, the first and the last not counted: they may be others' too.
size_t resident_pages(const Filled& block) {
  const auto page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  const uintptr_t first = (reinterpret_cast<uintptr_t>(block.start) / page + 1) * page;
  const size_t pages = block.bytes / page - 2;
  std::vector<unsigned char> flags(pages);
  mincore(reinterpret_cast<void*>(first), pages * page, flags.data());
  return static_cast<size_t>(std::ranges::count_if(flags, [](unsigned char flag) { return flag & 1; }));
}

/// Takes and gives back at random, and says whether each block kept what was written to it.
bool survives_random_use(Arena& arena, unsigned seed) {
  std::mt19937 random(seed);
  std::vector<Filled> blocks;
  bool whole = true;
  const auto give_one = [&] {
    std::swap(blocks[random() % blocks.size()], blocks.back());
    whole = whole && blocks.back().is_whole();
    arena.give(blocks.back().start);
    blocks.pop_back();
  };
  for (int i = 0; i < 2000; ++i) {
    if (i % 100 == 50) (random() % 2) ? arena.clear() : arena.trim();
    if (!blocks.empty() && random() % 20 < blocks.size()) give_one();
    else blocks.push_back(fill(arena, 1 + random() % (random() % 4 ? 2000 : 500'000), static_cast<unsigned char>(random())));
  }
  while (!blocks.empty()) give_one();
  return whole;
}

}  // namespace

TEST("arena: blocks start on a multiple of 64 bytes and keep what is written to them, whatever comes and goes beside them") {
  Arena arena(2 * kMegabyte);
  for (const size_t bytes : {size_t{1}, size_t{65}, size_t{100'000}, 3 * kMegabyte}) {
    const Filled block = fill(arena, bytes, 7);
    CHECK(reinterpret_cast<uintptr_t>(block.start) % 64 == 0);
    arena.give(block.start);
  }
  CHECK(survives_random_use(arena, 1));
}

TEST("arena: threads take and give back at once") {
  Arena arena(8 * kMegabyte);
  bool whole[3] = {};
  {
    std::vector<std::jthread> threads;
    for (unsigned i = 0; i < std::size(whole); ++i) threads.emplace_back([&, i] { whole[i] = survives_random_use(arena, i); });
  }
  CHECK(std::ranges::all_of(whole, [](bool each) { return each; }));
}

TEST("arena: what was given back in pieces is one piece again") {
  Arena arena(4 * kMegabyte);
  std::vector<void*> blocks;
  for (int i = 0; i < 30; ++i) blocks.push_back(arena.take(100'000));
  for (const int first : {1, 2, 0})  // between others, beside a hole on either side, beside holes on both
    for (size_t i = static_cast<size_t>(first); i < blocks.size(); i += 3) arena.give(blocks[i]);
  void* const all = arena.take(4 * kMegabyte - 64);
  CHECK(all && arena.reserved_bytes() == 4 * kMegabyte);
  arena.give(all);
}

TEST("arena: the same requests get the same places, so that a pass takes no more memory than the one before") {
  Arena arena(16 * kMegabyte);
  const auto pass = [&arena] {
    void* const first = arena.take(3 * kMegabyte);
    void* const second = arena.take(2 * kMegabyte);
    arena.give(first);
    void* const third = arena.take(kMegabyte);
    arena.give(second), arena.give(third);
    return std::vector{first, second, third};
  };
  const auto once = pass();
  CHECK(once[2] == once[0]);
  CHECK(pass() == once);
}

TEST("arena: clear hands back free pages and keeps the others") {
  Arena arena(64 * kMegabyte);
  const Filled free = fill(arena, 8 * kMegabyte, 1), kept = fill(arena, 8 * kMegabyte, 2), last = fill(arena, 8 * kMegabyte, 3);
  arena.give(free.start), arena.give(last.start);
  CHECK(resident_pages(free) > 2000 && resident_pages(last) > 2000);
  arena.clear();
  CHECK(resident_pages(free) == 0 && resident_pages(last) == 0 && kept.is_whole());
  arena.give(kept.start);
  arena.clear();
  CHECK(arena.reserved_bytes() == 0);
}

TEST("arena: trim keeps the pages that were used since the last one") {
  Arena arena(64 * kMegabyte);
  const Filled stays = fill(arena, kMegabyte, 1);
  const auto use = [&arena](size_t megabytes) {
    const Filled block = fill(arena, megabytes * kMegabyte, 2);
    arena.give(block.start);
    return block;
  };
  const Filled large = use(16);
  arena.trim();
  CHECK(resident_pages(large) > 4000);
  const Filled small = use(4);
  arena.trim();
  CHECK(resident_pages(small) > 1000 && resident_pages(large) < 1100);
  arena.trim();
  CHECK(resident_pages(large) == 0 && stays.is_whole());
  arena.give(stays.start);
}

TEST("arena: what is larger than a segment, and what is larger than any machine") {
  Arena arena(kMegabyte);
  const Filled large = fill(arena, 5 * kMegabyte, 9);
  CHECK(large.is_whole());
  arena.give(large.start);
  for (const size_t bytes : {size_t{1} << 60, ~size_t{0}, ~size_t{0} - 64}) CHECK(arena.take(bytes) == nullptr);
}
