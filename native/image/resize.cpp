#include "image/resize.h"

#include <algorithm>
#include <cstring>
#include <string>

#include "base/error.h"
#include "image/resize_rows.h"
#include "image/resize_weights.h"

namespace mimdet {
namespace {

std::string show(SizeHw size) { return std::to_string(size.height) + " x " + std::to_string(size.width); }

void require_pixels(SizeHw size, const char* name) {
  if (size.height < 1 || size.width < 1)
    fail_expected(ErrorCode::kInvalidArgument, "a height and width of at least 1", name, show(size));
}

Image copy_of(ImageView picture) {
  return {{picture.rgb, picture.rgb + picture.size.height * picture.size.width * 3}, picture.size};
}

// Whether the columns are filtered before the rows. Bytes depend on the order, for they are rounded between: Pillow 13
// takes the columns first where the height shrinks by more than twice as many pixels as the width.
bool columns_first(SizeHw from, SizeHw to) {
  return from.height > to.height && from.height - to.height > 2 * (from.width - to.width);
}

// Rows of the picture filtered to the new width, made when first asked for and kept as long as the second pass can need them.
class FilteredRows {
 public:
  FilteredRows(ImageView picture, int64_t width, int64_t kept)
      : picture_(picture), kept_(kept), row_bytes_(width * 3), filters_(picture.size.width != width) {
    if (!filters_) return;
    axis_ = triangle_weights(picture.size.width, width);
    ring_.resize(kept_ * row_bytes_);
    padded_row_.resize(picture.size.width * 3 + kRowSlack);
  }

  /// Row `y`; rows are asked for in rising order, and stay valid until `kept` later ones have been.
  const uint8_t* row(int64_t y) {
    if (!filters_) return source(y);
    for (; made_ <= y; ++made_) make(made_);
    return slot(y);
  }

  /// No row before `y` will be asked for again.
  void skip_to(int64_t y) { made_ = std::max(made_, y); }

 private:
  const uint8_t* source(int64_t y) const { return picture_.rgb + y * picture_.size.width * 3; }
  uint8_t* slot(int64_t y) { return ring_.data() + y % kept_ * row_bytes_; }

  // A kernel may read past a row's end: into the next row, or, for the last rows, out of the picture if they were not copied.
  void make(int64_t y) {
    const int64_t bytes_behind = (picture_.size.height - 1 - y) * picture_.size.width * 3;
    if (bytes_behind >= kRowSlack) return row_kernels().filter_row(source(y), axis_, slot(y));
    std::memcpy(padded_row_.data(), source(y), picture_.size.width * 3);
    row_kernels().filter_row(padded_row_.data(), axis_, slot(y));
  }

  ImageView picture_;
  int64_t kept_, row_bytes_;
  bool filters_;
  int64_t made_ = 0;
  AxisWeights axis_;
  std::vector<uint8_t> ring_;        // (kept, row_bytes)
  std::vector<uint8_t> padded_row_;  // a row with room behind it
};

void filter_rows_only(ImageView picture, Image& out) {
  const int64_t row_bytes = out.size.width * 3;
  FilteredRows rows(picture, out.size.width, 1);
  for (int64_t y = 0; y < out.size.height; ++y) std::memcpy(out.rgb.data() + y * row_bytes, rows.row(y), row_bytes);
}

void filter_rows_then_columns(ImageView picture, Image& out) {
  const AxisWeights axis = triangle_weights(picture.size.height, out.size.height);
  const int64_t row_bytes = out.size.width * 3;
  FilteredRows rows(picture, out.size.width, axis.stride);
  std::vector<const uint8_t*> taps(axis.stride);
  for (int64_t y = 0; y < out.size.height; ++y) {
    rows.skip_to(axis.first[y]);
    for (int64_t k = 0; k < axis.count[y]; ++k) taps[k] = rows.row(axis.first[y] + k);
    row_kernels().blend_rows(taps.data(), axis, y, row_bytes, out.rgb.data() + y * row_bytes);
  }
}

void filter_columns_then_rows(ImageView picture, Image& out) {
  const AxisWeights down = triangle_weights(picture.size.height, out.size.height);
  const AxisWeights across = triangle_weights(picture.size.width, out.size.width);
  const int64_t in_bytes = picture.size.width * 3, out_bytes = out.size.width * 3;
  std::vector<uint8_t> blended(in_bytes + kRowSlack);
  std::vector<const uint8_t*> taps(down.stride);
  for (int64_t y = 0; y < out.size.height; ++y) {
    for (int64_t k = 0; k < down.count[y]; ++k) taps[k] = picture.rgb + (down.first[y] + k) * in_bytes;
    row_kernels().blend_rows(taps.data(), down, y, in_bytes, blended.data());
    row_kernels().filter_row(blended.data(), across, out.rgb.data() + y * out_bytes);
  }
}

}  // namespace

SizeHw shortest_edge_size(SizeHw size, int64_t min_size, int64_t max_size) {
  require_pixels(size, "size");
  if (min_size < 1) fail_expected(ErrorCode::kInvalidArgument, "at least 1", "minSize", std::to_string(min_size));
  if (max_size < 1) fail_expected(ErrorCode::kInvalidArgument, "at least 1", "maxSize", std::to_string(max_size));
  const auto shortest = static_cast<double>(min_size);
  double scale = shortest / static_cast<double>(std::min(size.height, size.width));
  double height = size.height < size.width ? shortest : scale * static_cast<double>(size.height);
  double width = size.height < size.width ? scale * static_cast<double>(size.width) : shortest;
  if (std::max(height, width) > static_cast<double>(max_size)) {
    scale = static_cast<double>(max_size) / std::max(height, width);
    height *= scale;
    width *= scale;
  }
  const auto rounded = [](double side) { return std::max<int64_t>(1, static_cast<int64_t>(side + 0.5)); };
  return {rounded(height), rounded(width)};
}

Image resize_bilinear(ImageView picture, SizeHw size) {
  require_pixels(picture.size, "picture");
  require_pixels(size, "size");
  if (picture.size == size) return copy_of(picture);
  Image out{std::vector<uint8_t>(size.height * size.width * 3), size};
  if (picture.size.height == size.height) filter_rows_only(picture, out);
  else if (picture.size.width != size.width && columns_first(picture.size, size)) filter_columns_then_rows(picture, out);
  else filter_rows_then_columns(picture, out);
  return out;
}

}  // namespace mimdet
