// RleMask: checked construction, bitmaps, area and box. The COCO string, overlaps and polygons are in the rle_*.cpp files beside this one.
#include "structures/rle_mask.h"

#include <algorithm>
#include <limits>
#include <string>

#include "base/error.h"

namespace mimdet {
namespace {

std::string describe(SizeHw size) { return std::to_string(size.height) + " x " + std::to_string(size.width) + " pixels"; }

void check_sum(SizeHw size, int64_t sum) {
  if (sum != size.height * size.width)
    fail_expected(ErrorCode::kInvalidArgument, "run lengths that fill " + describe(size), "counts",
                  "runs of " + std::to_string(sum) + " pixels");
}

constexpr int64_t kTile = 64;  // columns (and rows) that are transposed at once: both sides stay in the first cache

// rows (height, width) from column `x0`, `columns` of them, to out (columns, height)
void transpose_strip(const uint8_t* rows, SizeHw size, int64_t x0, int64_t columns, uint8_t* out) {
  for (int64_t y0 = 0; y0 < size.height; y0 += kTile)
    for (int64_t y = y0; y < std::min(y0 + kTile, size.height); ++y)
      for (int64_t x = 0; x < columns; ++x) out[x * size.height + y] = rows[y * size.width + x0 + x];
}

// Appends runs to a mask pixel by pixel; `value_` is that of the run that is still open.
class RunWriter {
 public:
  explicit RunWriter(std::vector<uint32_t>& runs) : runs_(runs) {}

  void add(const uint8_t* pixels, int64_t count) {
    for (int64_t i = 0; i < count; ++i) {
      if ((pixels[i] != 0) != value_) {
        runs_.push_back(length_);
        length_ = 0;
        value_ = !value_;
      }
      ++length_;
    }
  }
  void finish() { runs_.push_back(length_); }

 private:
  std::vector<uint32_t>& runs_;
  uint32_t length_ = 0;
  bool value_ = false;
};

}  // namespace

void check_mask_size(SizeHw size) {
  const bool sides = size.height >= 1 && size.width >= 1;
  if (!sides || size.height > kMaxMaskPixels / size.width)
    fail_expected(ErrorCode::kInvalidArgument, "sides of at least 1 and at most " + std::to_string(kMaxMaskPixels) + " pixels",
                  "size", describe(size));
}

RleMask rle_from_runs(SizeHw size, std::span<const int64_t> runs) {
  check_mask_size(size);
  RleMask mask{size.height, size.width, {}};
  mask.runs.reserve(runs.size());
  int64_t sum = 0;
  for (const int64_t run : runs) {
    if (run < 0 || run > kMaxMaskPixels)
      fail_expected(ErrorCode::kInvalidArgument, "run lengths of 0 or more within the picture", "counts", std::to_string(run));
    sum += run;
    mask.runs.push_back(static_cast<uint32_t>(run));
  }
  check_sum(size, sum);
  return mask;
}

RleMask rle_from_runs(SizeHw size, std::vector<uint32_t> runs) {
  check_mask_size(size);
  int64_t sum = 0;
  for (const uint32_t run : runs) sum += run;
  check_sum(size, sum);
  return {size.height, size.width, std::move(runs)};
}

RleMask rle_from_column_bitmap(const uint8_t* columns, SizeHw size) {
  check_mask_size(size);
  RleMask mask{size.height, size.width, {}};
  RunWriter writer(mask.runs);
  writer.add(columns, size.height * size.width);
  writer.finish();
  return mask;
}

RleMask rle_from_bitmap(const uint8_t* rows, SizeHw size) {
  check_mask_size(size);
  RleMask mask{size.height, size.width, {}};
  RunWriter writer(mask.runs);
  std::vector<uint8_t> strip(std::min(kTile, size.width) * size.height);
  for (int64_t x0 = 0; x0 < size.width; x0 += kTile) {
    const int64_t columns = std::min(kTile, size.width - x0);
    transpose_strip(rows, size, x0, columns, strip.data());
    writer.add(strip.data(), columns * size.height);
  }
  writer.finish();
  return mask;
}

std::vector<uint8_t> rle_to_bitmap(const RleMask& mask) {
  std::vector<uint8_t> rows(mask.height * mask.width, 0);
  int64_t x = 0, y = 0;
  for (size_t i = 0; i < mask.runs.size(); ++i) {
    if (i % 2 == 0) {
      y += mask.runs[i];
      x += y / mask.height;
      y %= mask.height;
      continue;
    }
    for (uint32_t left = mask.runs[i]; left > 0; --left) {
      rows[y * mask.width + x] = 1;
      if (++y == mask.height) y = 0, ++x;
    }
  }
  return rows;
}

int64_t rle_area(const RleMask& mask) {
  int64_t area = 0;
  for (size_t i = 1; i < mask.runs.size(); i += 2) area += mask.runs[i];
  return area;
}

BoxXywh rle_bounding_box(const RleMask& mask) {
  const int64_t height = mask.height;
  int64_t left = mask.width, top = height, right = -1, bottom = -1, position = 0;
  for (size_t i = 1; i < mask.runs.size(); i += 2) {
    position += mask.runs[i - 1];
    const int64_t end = position + mask.runs[i];
    if (end == position) continue;
    const int64_t first_column = position / height, last_column = (end - 1) / height;
    const bool one_column = first_column == last_column;  // else the run touches the bottom of one column and the top of the next
    left = std::min(left, first_column);
    right = std::max(right, last_column);
    top = std::min(top, one_column ? position % height : 0);
    bottom = std::max(bottom, one_column ? (end - 1) % height : height - 1);
    position = end;
  }
  if (right < 0) return {0, 0, 0, 0};
  return {static_cast<double>(left), static_cast<double>(top), static_cast<double>(right - left + 1),
          static_cast<double>(bottom - top + 1)};
}

}  // namespace mimdet
