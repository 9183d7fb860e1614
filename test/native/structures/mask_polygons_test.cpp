// Masks to polygons: COCO's rule and an even-odd fill must both give the mask back.
#include "structures/mask_polygons.h"

#include <random>

#include "base/json.h"
#include "check.h"

using namespace mimdet;

namespace {

RleMask mask_of(const std::vector<std::string>& rows) {
  std::vector<uint8_t> pixels;
  for (const std::string& row : rows)
    for (const char c : row) pixels.push_back(c == '1');
  return rle_from_bitmap(pixels.data(), {static_cast<int64_t>(rows.size()), static_cast<int64_t>(rows[0].size())});
}

// Counts, for each pixel's middle, the edges to the left of it.
std::vector<uint8_t> fill_even_odd(const std::vector<std::vector<double>>& rings, SizeHw size) {
  std::vector<uint8_t> pixels(size.height * size.width, 0);
  for (const auto& ring : rings)
    for (size_t i = 0; i < ring.size(); i += 2) {
      const size_t j = (i + 2) % ring.size();
      if (ring[i] != ring[j]) continue;  // of the edges along pixels only upright ones can lie to the left
      for (int64_t y = std::min(ring[i + 1], ring[j + 1]); y < std::max(ring[i + 1], ring[j + 1]); ++y)
        for (int64_t x = ring[i]; x < size.width; ++x) pixels[y * size.width + x] ^= 1;
    }
  return pixels;
}

double signed_area(const std::vector<double>& ring) {
  double twice = 0;
  for (size_t i = 0; i < ring.size(); i += 2) {
    const size_t j = (i + 2) % ring.size();
    twice += ring[i] * ring[j + 1] - ring[j] * ring[i + 1];
  }
  return twice / 2;
}

void check_round_trip(const RleMask& mask) {
  const auto rings = mask_to_polygons(mask);
  if (rle_area(mask) == 0) {
    CHECK(rings.empty());
    return;
  }
  CHECK(rle_to_bitmap(rle_from_polygons(mask.size(), rings)) == rle_to_bitmap(mask));
  CHECK(fill_even_odd(rings, mask.size()) == rle_to_bitmap(mask));
  double area = 0;
  for (const auto& ring : rings) {
    CHECK(ring.size() >= 8);
    CHECK(signed_area(ring) > 0);  // clockwise where y points down
    area += signed_area(ring);
  }
  CHECK_EQUAL(area, static_cast<double>(rle_area(mask)));
}

}  // namespace

TEST("mask_polygons: a rectangle has four points") {
  const auto rings = mask_to_polygons(mask_of({"00000", "01110", "01110", "00000"}));
  CHECK_EQUAL(rings.size(), 1u);
  CHECK(rings[0] == std::vector<double>({1, 1, 4, 1, 4, 3, 1, 3}));
}

TEST("mask_polygons: a hole is joined by a slit") {
  const RleMask ring = mask_of({"11111", "10001", "10101", "10001", "11111"});
  CHECK_EQUAL(mask_to_polygons(ring).size(), 2u);  // the frame with its hole, and the pixel within
  check_round_trip(ring);
}

TEST("mask_polygons: pieces that meet in a corner stay apart") {
  const RleMask corner = mask_of({"110", "110", "001"});
  CHECK_EQUAL(mask_to_polygons(corner).size(), 2u);
  check_round_trip(corner);
  check_round_trip(mask_of({"001", "110", "110"}));
}

TEST("mask_polygons: full, empty, one pixel") {
  check_round_trip(mask_of({"1"}));
  check_round_trip(mask_of({"0"}));
  check_round_trip(mask_of({"1111", "1111"}));
  CHECK(mask_to_polygons(mask_of({"000", "000"})).empty());
}

TEST("mask_polygons: runs of no pixels do not cut a piece") {
  const RleMask mask = rle_from_runs({4, 5}, std::vector<uint32_t>{4, 1, 0, 2, 13});
  CHECK_EQUAL(mask_to_polygons(mask).size(), 1u);
  check_round_trip(mask);
}

TEST("mask_polygons: noise of every density comes back bit for bit") {
  std::mt19937 random(7);
  for (int round = 0; round < 300; ++round) {
    const SizeHw size{1 + static_cast<int64_t>(random() % 24), 1 + static_cast<int64_t>(random() % 24)};
    std::vector<uint8_t> pixels(size.height * size.width);
    const uint32_t density = random() % 100;
    for (uint8_t& pixel : pixels) pixel = random() % 100 < density;
    check_round_trip(rle_from_bitmap(pixels.data(), size));
  }
}

TEST("mask_polygons golden: the bitmaps of golden/rle/more") {
  const std::string file = mimdet::test::golden("rle/more/rle.json");
  if (file.empty()) return mimdet::test::report_skip("no golden/rle/more");
  const Json document = Json::parse(mimdet::test::read_file(file));
  for (const Json& item : document.at("bitmaps").array()) {
    const auto& size = item.at("rle").at("size").array();
    check_round_trip(rle_from_string({size[0].integer(), size[1].integer()}, item.at("rle").at("counts").string()));
  }
}

TEST("mask_polygons: a mask of too many runs is refused") {
  CHECK_FAILS(mask_to_polygons(rle_from_runs({1, 1 << 30}, std::vector<uint32_t>{0, 1u << 30})), ErrorCode::kInvalidArgument, "counts");
}
