#include "base/arena.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <new>

namespace mimdet {
namespace {

constexpr size_t kAlignment = 64;
constexpr size_t kSmall = size_t{64} << 10;
constexpr size_t kSegmentBytes = size_t{1} << 30;

size_t round_up(size_t value, size_t multiple) { return (value + multiple - 1) / multiple * multiple; }

size_t page_bytes() {
  static const auto bytes = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  return bytes;
}

void forget_pages(char* start, size_t first, size_t last) noexcept {
  first = round_up(first, page_bytes()), last = last / page_bytes() * page_bytes();
  if (first < last) madvise(start + first, last - first, MADV_DONTNEED);
}

}  // namespace

/// In front of each block.
struct alignas(kAlignment) Arena::Header {
  Segment* segment;  // nullptr: of the C library
  size_t bytes;      // with the header
};

Arena::Arena(size_t segment_bytes) : segment_bytes_(segment_bytes) {}

Arena::~Arena() {
  for (const Segment& segment : segments_) munmap(segment.start, segment.bytes);
}

Arena& Arena::instance() {
  static Arena* const arena = new Arena(kSegmentBytes);
  return *arena;
}

void* Arena::take(size_t bytes) noexcept try {
  const size_t whole = round_up(bytes, kAlignment) + sizeof(Header);
  if (whole < bytes) return nullptr;
  if (whole < kSmall) return take_small(whole);
  const std::lock_guard lock(mutex_);
  for (Segment& segment : segments_)
    if (void* const block = take_from(segment, whole)) return block;
  Segment* const added = add_segment_locked(whole);
  return added ? take_from(*added, whole) : nullptr;
} catch (const std::bad_alloc&) {
  return nullptr;
}

void* Arena::take_small(size_t bytes) noexcept {
  void* const start = std::aligned_alloc(kAlignment, bytes);
  return start ? new (start) Header{nullptr, bytes} + 1 : nullptr;
}

/// First fit: the lowest addresses are those whose pages are there, and perhaps still in the processor's caches.
void* Arena::take_from(Segment& segment, size_t bytes) {
  segment.holes.reserve(segment.blocks + 2);
  const auto hole = std::ranges::find_if(segment.holes, [bytes](const Range& range) { return range.size() >= bytes; });
  if (hole == segment.holes.end()) return nullptr;
  char* const start = segment.start + hole->first;
  hole->first += bytes;
  segment.used_end = std::max(segment.used_end, hole->first);
  segment.touched_end = std::max(segment.touched_end, hole->first);
  if (hole->size() == 0) segment.holes.erase(hole);
  ++segment.blocks;
  return new (start) Header{&segment, bytes} + 1;
}

Arena::Segment* Arena::add_segment_locked(size_t bytes) {
  bytes = round_up(bytes, page_bytes());
  Segment& segment = segments_.emplace_back(Segment{.holes = std::vector<Range>(1)});
  for (const size_t size : {std::max(segment_bytes_, bytes), bytes}) {  // where addresses are short, no more than is needed
    void* const start = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (start == MAP_FAILED) continue;
    segment.start = static_cast<char*>(start), segment.bytes = size, segment.holes[0] = {0, size};
    return &segment;
  }
  segments_.pop_back();
  return nullptr;
}

void Arena::give(void* block) noexcept {
  Header* const header = static_cast<Header*>(block) - 1;
  if (!header->segment) return std::free(header);
  Segment& segment = *header->segment;
  const std::lock_guard lock(mutex_);
  const auto first = static_cast<size_t>(reinterpret_cast<char*>(header) - segment.start);
  Range freed{first, first + header->bytes};
  auto& holes = segment.holes;
  auto next = std::ranges::upper_bound(holes, first, {}, &Range::first);
  if (next != holes.end() && next->first == freed.last) {
    freed.last = next->last;
    next = holes.erase(next);
  }
  if (next != holes.begin() && std::prev(next)->last == freed.first) std::prev(next)->last = freed.last;
  else holes.insert(next, freed);
  --segment.blocks;
}

void Arena::trim() noexcept { give_back(false); }

void Arena::clear() noexcept { give_back(true); }

void Arena::give_back(bool all) noexcept {
  const std::lock_guard lock(mutex_);
  std::erase_if(segments_, [all](Segment& segment) {
    const bool is_idle = segment.blocks == 0 && (all || segment.used_end == 0);
    if (is_idle) munmap(segment.start, segment.bytes);
    return is_idle;
  });
  for (Segment& segment : segments_) {
    const size_t kept = all ? 0 : segment.used_end, blocks_end = end_of_blocks(segment), touched = round_up(segment.touched_end, page_bytes());
    for (const Range& hole : segment.holes) forget_pages(segment.start, std::max(hole.first, kept), std::min(hole.last, touched));
    segment.touched_end = std::max(kept, blocks_end);
    segment.used_end = blocks_end;
  }
}

size_t Arena::end_of_blocks(const Segment& segment) {
  const bool is_open = !segment.holes.empty() && segment.holes.back().last == segment.bytes;
  return is_open ? segment.holes.back().first : segment.bytes;
}

size_t Arena::reserved_bytes() const noexcept {
  const std::lock_guard lock(mutex_);
  size_t bytes = 0;
  for (const Segment& segment : segments_) bytes += segment.bytes;
  return bytes;
}

}  // namespace mimdet
