// NMS in three kernels: who overlaps whom, as bits (a thread for 64 pairs); a walk in falling order of score by one block of threads a picture,
// 64 boxes at a time; the survivors as one byte a box. Boxes meet those of their own picture and class alone. Compiled without fused multiply-add, so that an IoU rounds as torchvision's.
#pragma once

#include "ops/cuda/portable.h"

namespace mimdet::cuda {

constexpr int64_t kGroup = 64;  // boxes of one word of bits

/// Whether the IoU of two boxes x1, y1, x2, y2 is above the threshold. float64 holds a float32 and the threshold alike.
template <class T>
MIMDET_HOST_DEVICE bool overlap(const T* a, const T* b, double iou_threshold) {
  const T left = a[0] < b[0] ? b[0] : a[0], top = a[1] < b[1] ? b[1] : a[1];
  const T right = b[2] < a[2] ? b[2] : a[2], bottom = b[3] < a[3] ? b[3] : a[3];
  const T width = right - left > 0 ? right - left : 0, height = bottom - top > 0 ? bottom - top : 0;
  const T shared = width * height;
  const T area_a = (a[2] - a[0]) * (a[3] - a[1]), area_b = (b[2] - b[0]) * (b[3] - b[1]);
  return static_cast<double>(shared / (area_a + area_b - shared)) > iou_threshold;
}

/// Bit j of (picture, row, word): box 64 * word + j comes after the row's box, is of its class and overlaps it. One thread a word.
template <class T>
struct NmsOverlaps {
  const T* boxes;          // (N, K, 4), each picture's in falling order of score
  const int64_t* classes;  // (N, K)
  int64_t count, words, first_row, rows;  // K, its words, and the rows of this slab
  double iou_threshold;
  uint64_t* bits;  // (N, rows, words), the rows from first_row on

  MIMDET_HOST_DEVICE void operator()(int64_t index) const {
    const int64_t own = index / (rows * words) * count;  // the picture's first box
    const int64_t row = first_row + index / words % rows, begin = index % words * kGroup;
    const int64_t end = begin + kGroup < count ? begin + kGroup : count;
    uint64_t word = 0;
    for (int64_t other = begin > row ? begin : row + 1; other < end; ++other)
      if (classes[own + row] == classes[own + other] && overlap(boxes + (own + row) * 4, boxes + (own + other) * 4, iou_threshold))
        word |= uint64_t{1} << (other - begin);
    bits[index] = word;
  }
};

/// The walk. Groups come one after the other; in each, `load` and `spread` are for many threads, `resolve` for one between them.
struct NmsWalk {
  const uint64_t* bits;  // of NmsOverlaps, of one picture
  int64_t words, first_row, rows;
  uint64_t* removed;  // (words) boxes that a survivor overlaps, kept from one slab of rows to the next
  uint64_t* kept;     // (words)

  /// That of another picture, where this is the first one's.
  MIMDET_HOST_DEVICE NmsWalk of(int64_t picture) const {
    return {bits + picture * rows * words, words, first_row, rows, removed + picture * words, kept + picture * words};
  }

  MIMDET_HOST_DEVICE int64_t groups() const { return (rows + kGroup - 1) / kGroup; }
  MIMDET_HOST_DEVICE int64_t word_of(int64_t group) const { return first_row / kGroup + group; }
  MIMDET_HOST_DEVICE int64_t rows_of(int64_t group) const {
    return rows - group * kGroup < kGroup ? rows - group * kGroup : kGroup;
  }

  /// What row `i` of the group overlaps within the group; 0 where there is no such row.
  MIMDET_HOST_DEVICE uint64_t load(int64_t group, int64_t i) const {
    return i < rows_of(group) ? bits[(group * kGroup + i) * words + word_of(group)] : 0;
  }

  /// The survivors of the group, by the 64 words that `load` gave.
  MIMDET_HOST_DEVICE uint64_t resolve(int64_t group, const uint64_t* within) const {
    uint64_t gone = removed[word_of(group)], stays = 0;
    for (int64_t i = 0; i < rows_of(group); ++i) {
      if (gone >> i & 1) continue;
      stays |= uint64_t{1} << i;
      gone |= within[i];
    }
    kept[word_of(group)] = stays;
    return stays;
  }

  /// Marks in one later word what the survivors overlap.
  MIMDET_HOST_DEVICE void spread(int64_t group, uint64_t stays, int64_t word) const {
    uint64_t gone = removed[word];
    for (int64_t i = 0; i < rows_of(group); ++i)
      if (stays >> i & 1) gone |= bits[(group * kGroup + i) * words + word];
    removed[word] = gone;
  }
};

/// One thread a box.
struct NmsSurvivors {
  const uint64_t* kept;  // (N, words)
  int64_t count, words;
  bool* survives;  // (N, K)

  MIMDET_HOST_DEVICE void operator()(int64_t index) const {
    const int64_t box = index % count;
    survives[index] = kept[index / count * words + box / kGroup] >> (box % kGroup) & 1;
  }
};

}  // namespace mimdet::cuda
