#include "structures/mask_spans.h"

#include <algorithm>
#include <iterator>

namespace mimdet {
namespace {

bool starts_before(const Span& a, const Span& b) { return a.x != b.x ? a.x < b.x : a.top < b.top; }

int64_t height_within(const Span& span, const PixelRect& within) {
  if (span.x < within.left || span.x >= within.right) return 0;
  return std::max<int64_t>(0, std::min<int64_t>(span.bottom, within.bottom) - std::max<int64_t>(span.top, within.top));
}

MaskSpans::const_iterator first_in_column(const MaskSpans& spans, int64_t x) {
  return std::ranges::lower_bound(spans, x, {}, [](const Span& span) { return int64_t{span.x}; });
}

/// Adds the part of one column that lies in the picture.
void add_span(MaskSpans& spans, int64_t x, int64_t top, int64_t bottom, SizeHw picture) {
  top = std::max<int64_t>(top, 0);
  bottom = std::min(bottom, picture.height);
  if (x < 0 || x >= picture.width || top >= bottom) return;
  spans.push_back({static_cast<int32_t>(x), static_cast<int32_t>(top), static_cast<int32_t>(bottom)});
}

}  // namespace

PixelRect shared_rect(const PixelRect& a, const PixelRect& b) {
  return {std::max(a.left, b.left), std::max(a.top, b.top), std::min(a.right, b.right), std::min(a.bottom, b.bottom)};
}

MaskSpans spans_from_rle(const RleMask& mask, int64_t left, int64_t top, SizeHw picture) {
  MaskSpans spans;
  int64_t position = 0;
  for (size_t i = 0; i < mask.runs.size(); ++i) {
    int64_t from = position;
    position += mask.runs[i];
    if (i % 2 == 0) continue;
    while (from < position) {  // a run may go on in the next column
      const int64_t x = from / mask.height, end = std::min(position, (x + 1) * mask.height);
      add_span(spans, left + x, top + from - x * mask.height, top + end - x * mask.height, picture);
      from = end;
    }
  }
  return spans;
}

RleMask rle_from_spans(const MaskSpans& spans, SizeHw picture) {
  check_mask_size(picture);
  RleMask mask{picture.height, picture.width, {}};
  int64_t end = 0;
  for (const Span& span : spans) {
    const int64_t start = span.x * picture.height + span.top, length = span.bottom - span.top;
    const bool goes_on = start == end && !mask.runs.empty();  // from the bottom of the column before
    if (goes_on) mask.runs.back() += static_cast<uint32_t>(length);
    else mask.runs.insert(mask.runs.end(), {static_cast<uint32_t>(start - end), static_cast<uint32_t>(length)});
    end = start + length;
  }
  const int64_t rest = picture.height * picture.width - end;
  if (rest > 0) mask.runs.push_back(static_cast<uint32_t>(rest));
  return mask;
}

int64_t span_area(const MaskSpans& spans, const PixelRect& within) {
  int64_t area = 0;
  for (auto span = first_in_column(spans, within.left); span != spans.end() && span->x < within.right; ++span)
    area += height_within(*span, within);
  return area;
}

int64_t shared_span_area(const MaskSpans& a, const MaskSpans& b, const PixelRect& within) {
  int64_t area = 0;
  auto one = first_in_column(a, within.left), other = first_in_column(b, within.left);
  while (one != a.end() && other != b.end() && one->x < within.right && other->x < within.right) {
    if (one->x == other->x) area += height_within({one->x, std::max(one->top, other->top), std::min(one->bottom, other->bottom)}, within);
    const bool one_ends_first = one->x != other->x ? one->x < other->x : one->bottom < other->bottom;
    ++(one_ends_first ? one : other);
  }
  return area;
}

MaskSpans unite_spans(const MaskSpans& a, const MaskSpans& b) {
  MaskSpans all, united;
  std::ranges::merge(a, b, std::back_inserter(all), starts_before);
  for (const Span& span : all) {
    const bool touches = !united.empty() && united.back().x == span.x && span.top <= united.back().bottom;
    if (touches) united.back().bottom = std::max(united.back().bottom, span.bottom);
    else united.push_back(span);
  }
  return united;
}

}  // namespace mimdet
