// Memory of tensors. Large blocks are cut from segments of our own, always the lowest place that fits, so a pass uses the very pages of
// the one before: nothing to fault in, no holes between what stays, a size that does not creep. The C library would map each large
// block anew, or leave holes in its heaps. Before it: inference/tensor_memory, heap.h. After it: the system.
#pragma once

#include <cstddef>
#include <list>
#include <mutex>
#include <vector>

namespace mimdet {

class Arena {
 public:
  /// Segments take addresses when first needed, memory only as they are written to.
  explicit Arena(size_t segment_bytes);
  ~Arena();
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;

  /// The process's own; never destroyed, since tensors may outlive everything else.
  static Arena& instance();

  /// A block that starts on a multiple of 64 bytes; nullptr where the system has none left. Below 64 KiB it is the C library's. For any
  /// thread, as all here.
  void* take(size_t bytes) noexcept;
  void give(void* block) noexcept;

  /// Hands back the pages that no block has used since the last call.
  void trim() noexcept;
  /// Hands back all free pages.
  void clear() noexcept;

  /// Bytes of addresses: `trim` and `clear` give back segments that are wholly free.
  size_t reserved_bytes() const noexcept;

 private:
  struct Range {
    size_t first, last;  // bytes from the segment's start
    size_t size() const { return last - first; }
  };
  struct Segment {
    char* start = nullptr;
    size_t bytes = 0;
    std::vector<Range> holes;  // in order, no two touching
    size_t blocks = 0;         // that are out; room is kept for one hole more, so that giving back takes no memory
    size_t used_end = 0;       // of the blocks since the last trim
    size_t touched_end = 0;    // of the pages that may be there
  };
  struct Header;

  static void* take_small(size_t bytes) noexcept;
  static void* take_from(Segment& segment, size_t bytes);
  Segment* add_segment_locked(size_t bytes);
  void give_back(bool all) noexcept;
  static size_t end_of_blocks(const Segment& segment);

  const size_t segment_bytes_;
  mutable std::mutex mutex_;
  std::list<Segment> segments_;
};

}  // namespace mimdet
