#include "structures/mask_spans.h"

#include "check.h"

using namespace mimdet;

namespace {

/// Rows of '.' and '#'.
RleMask mask_of(const std::vector<std::string>& rows) {
  const SizeHw size = {std::ssize(rows), std::ssize(rows[0])};
  std::vector<uint8_t> bitmap;
  for (const std::string& row : rows)
    for (const char pixel : row) bitmap.push_back(pixel == '#');
  return rle_from_bitmap(bitmap.data(), size);
}

constexpr PixelRect kAll = {0, 0, 100, 100};

}  // namespace

TEST("mask_spans: there and back, where runs go on in the next column too") {
  for (const RleMask& mask : {mask_of({"....", ".##.", "..#."}), mask_of({"##", "##"}), mask_of({"#..#"}), mask_of({"..", ".."}),
                              mask_of({"..#", "..#"}), mask_of({"#.", "#."}), mask_of({".#.", "##.", "#.."})})
    CHECK(rle_from_spans(spans_from_rle(mask, 0, 0, mask.size()), mask.size()) == mask);
}

TEST("mask_spans: moved to its place in a larger picture, cut off beside it") {
  const RleMask mask = mask_of({"##", ".#"});
  CHECK(spans_from_rle(mask, 5, 7, {20, 30}) == MaskSpans({{5, 7, 8}, {6, 7, 9}}));
  CHECK(spans_from_rle(mask, 29, 19, {20, 30}) == MaskSpans({{29, 19, 20}}));
  CHECK(rle_from_spans(spans_from_rle(mask, 1, 1, {4, 4}), {4, 4}) == mask_of({"....", ".##.", "..#.", "...."}));
}

TEST("mask_spans: a mask in a picture of 50,000 pixels a side") {
  const RleMask mask = rle_from_spans({{49'999, 49'990, 50'000}}, {50'000, 50'000});
  CHECK_EQUAL(rle_area(mask), 10);
  CHECK(rle_from_string(mask.size(), rle_to_string(mask)) == mask);
  CHECK_FAILS(rle_from_spans({}, {70'000, 70'000}), ErrorCode::kInvalidArgument, "70000");
}

TEST("mask_spans: areas within a rectangle, of one and of what two share") {
  const MaskSpans a = {{0, 0, 4}, {1, 0, 2}, {1, 3, 5}, {3, 2, 3}}, b = {{1, 1, 4}, {2, 0, 9}, {3, 0, 9}};
  CHECK_EQUAL(span_area(a, kAll), 9);
  CHECK_EQUAL(span_area(a, {1, 1, 3, 4}), 2);
  CHECK_EQUAL(shared_span_area(a, b, kAll), 3);
  CHECK_EQUAL(shared_span_area(a, b, {0, 0, 2, 2}), 1);
  CHECK_EQUAL(shared_span_area(a, {}, kAll), 0);
}

TEST("mask_spans: united, spans that touch become one") {
  CHECK(unite_spans({{0, 0, 2}, {1, 5, 6}}, {{0, 2, 3}, {1, 0, 1}, {1, 5, 9}}) == MaskSpans({{0, 0, 3}, {1, 0, 1}, {1, 5, 9}}));
}
