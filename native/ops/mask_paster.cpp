#include "ops/mask_paster.h"

#include <algorithm>
#include <cmath>

namespace mimdet {
namespace {

constexpr float kThreshold = 0.5f;

/// The integer has the last word: a long side is not a float, and may round to a longer one.
int64_t clamp_to(float value, int64_t length) {
  return std::min(length, static_cast<int64_t>(std::clamp(value, 0.0f, static_cast<float>(length))));
}

}  // namespace

MaskPaster::MaskPaster(int64_t cells, SizeHw picture)
    : cells_(cells), side_(cells + 2), picture_(picture), columns_(side_ * side_, 0.0f), column_(side_) {}

RleMask MaskPaster::paste(const float* probabilities, const float* box_xyxy) {
  runs_.assign(1, 0);
  set_axis(x_, box_xyxy[0], box_xyxy[2], picture_.width);
  set_axis(y_, box_xyxy[1], box_xyxy[3], picture_.height);
  set_stretches();
  if (stretches_.empty() || x_.places.empty()) {
    append(false, picture_.height * picture_.width);
    return {picture_.height, picture_.width, runs_};
  }
  transpose_with_border(probabilities);
  append(false, x_.first * picture_.height);
  for (const Place& place : x_.places) {
    blend_columns(place);
    code_column();
  }
  append(false, (picture_.width - x_.behind) * picture_.height);
  return {picture_.height, picture_.width, runs_};
}

// The arithmetic of the reference, step by step in float32: to -1 … 1 over the box, then to cells (align_corners = false).
void MaskPaster::set_axis(Axis& axis, float start, float end, int64_t length) const {
  axis.places.clear();
  axis.first = axis.behind = 0;
  if (!std::isfinite(start) || !std::isfinite(end) || !(end > start)) return;
  axis.first = clamp_to(std::floor(start) - 1, length);
  axis.behind = clamp_to(std::ceil(end) + 1, length);
  for (int64_t pixel = axis.first; pixel < axis.behind; ++pixel) {
    const float across = (static_cast<float>(pixel) + 0.5f - start) / (end - start) * 2.0f - 1.0f;
    const float place = ((across + 1.0f) * static_cast<float>(cells_) - 1.0f) / 2.0f;
    const float below = std::floor(place);
    const bool on_mask = below >= -1.0f && below < static_cast<float>(cells_);
    axis.places.push_back(on_mask ? Place{static_cast<int64_t>(below) + 1, place - below} : Place{-1, 0.0f});
  }
}

void MaskPaster::set_stretches() {
  stretches_.clear();
  for (int64_t i = 0; i < static_cast<int64_t>(y_.places.size()); ++i) {
    const int64_t cell = y_.places[i].cell;
    if (!stretches_.empty() && stretches_.back().cell == cell) stretches_.back().behind = i + 1;
    else stretches_.push_back({cell, i, i + 1});
  }
}

void MaskPaster::transpose_with_border(const float* probabilities) {
  for (int64_t y = 0; y < cells_; ++y)
    for (int64_t x = 0; x < cells_; ++x) columns_[(x + 1) * side_ + y + 1] = probabilities[y * cells_ + x];
}

void MaskPaster::blend_columns(const Place& place) {
  if (place.cell < 0) return std::fill(column_.begin(), column_.end(), 0.0f), void();
  const float* left = columns_.data() + place.cell * side_;
  const float* right = left + side_;
  for (int64_t i = 0; i < side_; ++i) column_[i] = left[i] * (1.0f - place.share) + right[i] * place.share;
}

void MaskPaster::code_column() {
  append(false, y_.first);
  for (const Stretch& stretch : stretches_) code_stretch(stretch);
  append(false, picture_.height - y_.behind);
}

void MaskPaster::code_stretch(const Stretch& stretch) {
  const int64_t length = stretch.behind - stretch.first;
  if (stretch.cell < 0) return append(false, length);
  const float above = column_[stretch.cell], below = column_[stretch.cell + 1];
  if (above < kThreshold && below < kThreshold) return append(false, length);
  if (above >= kThreshold && below >= kThreshold) return append(true, length);
  for (int64_t i = stretch.first; i < stretch.behind; ++i) {
    const float share = y_.places[i].share;
    append(above * (1.0f - share) + below * share >= kThreshold, 1);
  }
}

void MaskPaster::append(bool value, int64_t length) {
  if (length == 0) return;
  const bool current = runs_.size() % 2 == 0;
  if (current != value) runs_.push_back(0);
  runs_.back() += static_cast<uint32_t>(length);
}

}  // namespace mimdet
