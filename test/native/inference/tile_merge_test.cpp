// Objects drawn into tiles by hand: what comes out of the merge is what was drawn, wherever the seams are.
#include "inference/tile_merge.h"

#include <algorithm>
#include <ctime>

#include "check.h"

using namespace mimdet;

namespace {

/// Tiles of 64 pixels that share 16 with each neighbour.
TileGrid grid_of(int64_t columns, int64_t rows) {
  TileGrid grid{{48 * rows + 16, 48 * columns + 16}, 64, {}, {}};
  for (int64_t i = 0; i < columns; ++i) grid.lefts.push_back(48 * i);
  for (int64_t i = 0; i < rows; ++i) grid.tops.push_back(48 * i);
  return grid;
}

/// A rectangle of the picture as a perfect detector sees it in a tile: nothing, a piece, or all of it.
void see(const TileGrid& grid, int64_t tile, const PixelRect& object, float score, std::vector<TileDetection>& found, int64_t class_id = 0) {
  const PixelRect rect = grid.rect(tile), part = shared_rect(rect, object);
  if (part.empty()) return;
  const std::array<float, 4> box = {static_cast<float>(part.left - rect.left), static_cast<float>(part.top - rect.top),
                                    static_cast<float>(part.right - rect.left), static_cast<float>(part.bottom - rect.top)};
  std::vector<uint8_t> bitmap(64 * 64, 0);
  for (int64_t y = part.top - rect.top; y < part.bottom - rect.top; ++y)
    for (int64_t x = part.left - rect.left; x < part.right - rect.left; ++x) bitmap[static_cast<size_t>(y * 64 + x)] = 1;
  found.push_back({tile, {box, score, class_id, rle_from_bitmap(bitmap.data(), {64, 64})}});
}

std::vector<TileDetection> see_in_all(const TileGrid& grid, const std::vector<PixelRect>& objects) {
  std::vector<TileDetection> found;
  for (int64_t tile = 0; tile < grid.tiles(); ++tile)
    for (size_t i = 0; i < objects.size(); ++i) see(grid, tile, objects[i], 0.9f - 0.01f * static_cast<float>((tile + std::ssize(found)) % 7), found);
  return found;
}

std::vector<PixelRect> sorted_boxes(const std::vector<Detection>& detections) {
  std::vector<PixelRect> boxes;
  for (const auto& [box, score, class_id, mask] : detections)
    boxes.push_back({static_cast<int64_t>(box[0]), static_cast<int64_t>(box[1]), static_cast<int64_t>(box[2]), static_cast<int64_t>(box[3])});
  std::ranges::sort(boxes, {}, [](const PixelRect& box) { return std::pair(box.top, box.left); });
  return boxes;
}

/// Each object once, its box and every pixel of its mask, with masks and without.
void check_found(const TileGrid& grid, const std::vector<PixelRect>& objects) {
  for (const bool masks : {true, false}) {
    const std::vector<Detection> merged = merge_tiles(grid, see_in_all(grid, objects), {.masks = masks}, nullptr);
    CHECK(sorted_boxes(merged) == objects);
    for (const auto& [box, score, class_id, mask] : merged)
      if (masks) CHECK_EQUAL(static_cast<float>(rle_area(mask)), (box[2] - box[0]) * (box[3] - box[1]));
  }
}

}  // namespace

TEST("tile_merge: an object in the overlap of two or four tiles comes out once") {
  check_found(grid_of(2, 1), {{50, 20, 60, 30}});
  check_found(grid_of(2, 2), {{49, 50, 62, 61}});
}

TEST("tile_merge: an object that one tile sees whole and another in part comes out once and whole") {
  check_found(grid_of(2, 1), {{55, 20, 75, 40}});
  check_found(grid_of(2, 2), {{40, 55, 60, 80}});
}

TEST("tile_merge: an object that no tile sees whole is put together, across two tiles, and around a corner of four") {
  check_found(grid_of(2, 1), {{30, 20, 90, 40}});
  check_found(grid_of(2, 2), {{20, 20, 100, 95}});
}

TEST("tile_merge: an object across many tiles is one") { check_found(grid_of(5, 3), {{10, 60, 240, 70}}); }

TEST("tile_merge: neighbours stay two, though they touch in the overlap") {
  check_found(grid_of(2, 1), {{40, 10, 56, 26}, {56, 10, 74, 26}, {50, 40, 60, 50}});
}

TEST("tile_merge: wherever the grid lies, the same objects come out") {
  const std::vector<PixelRect> objects = {{5, 5, 20, 17}, {60, 30, 73, 45}, {90, 44, 110, 58}, {31, 66, 140, 72}, {12, 90, 28, 104}};
  for (int64_t shift = 0; shift < 40; shift += 5) {
    TileGrid grid = grid_of(3, 2);
    for (size_t i = 1; i < grid.lefts.size(); ++i) grid.lefts[i] -= shift / 3;
    grid.tops[1] -= shift;
    grid.picture = {grid.tops[1] + 64, grid.lefts[2] + 64};
    std::vector<PixelRect> inside;
    for (const PixelRect& object : objects)
      if (object.right <= grid.picture.width && object.bottom <= grid.picture.height) inside.push_back(object);
    check_found(grid, inside);
  }
}

TEST("tile_merge: the best of what is whole stays as it is; a piece lends the score where nothing is whole") {
  const TileGrid grid = grid_of(2, 1);
  std::vector<TileDetection> found;
  see(grid, 0, {50, 20, 58, 30}, 0.7f, found);
  see(grid, 1, {50, 20, 59, 31}, 0.8f, found);
  const std::vector<Detection> better = merge_tiles(grid, found, {}, nullptr);
  CHECK_EQUAL(better.size(), 1u);
  CHECK_EQUAL(better[0].score, 0.8f);
  CHECK_EQUAL(better[0].box_xyxy[3], 31.0f);
  found.clear();
  see(grid, 0, {30, 20, 90, 40}, 0.6f, found);
  see(grid, 1, {30, 20, 90, 40}, 0.9f, found);
  CHECK_EQUAL(merge_tiles(grid, found, {}, nullptr).at(0).score, 0.9f);
}

TEST("tile_merge: two classes at one place are two objects; only the best are given where that is asked") {
  const TileGrid grid = grid_of(2, 1);
  std::vector<TileDetection> found;
  see(grid, 0, {50, 20, 58, 30}, 0.7f, found, 1);
  see(grid, 1, {50, 20, 58, 30}, 0.8f, found, 2);
  CHECK_EQUAL(merge_tiles(grid, found, {}, nullptr).size(), 2u);
  const std::vector<Detection> best = merge_tiles(grid, found, {.most = 1}, nullptr);
  CHECK(best.size() == 1 && best[0].class_id == 2);
}

TEST("tile_merge: of two boxes that one pass would not have kept the better stays, of one class, whichever tiles they are from") {
  const TileGrid grid = grid_of(2, 1);
  std::vector<TileDetection> found;
  see(grid, 0, {40, 20, 60, 40}, 0.7f, found, 1);
  see(grid, 0, {41, 22, 61, 41}, 0.9f, found, 1);  // IoU 0.7
  see(grid, 0, {43, 23, 62, 42}, 0.6f, found, 1);  // 0.6 with the first, 0.7 with the second
  see(grid, 0, {41, 22, 61, 41}, 0.8f, found, 2);
  see(grid, 0, {5, 5, 15, 15}, 0.5f, found, 1);
  CHECK_EQUAL(merge_tiles(grid, found, {}, nullptr).size(), 5u);
  CHECK_EQUAL(merge_tiles(grid, found, {.nms_threshold = 0.8}, nullptr).size(), 5u);
  const std::vector<Detection> merged = merge_tiles(grid, found, {.nms_threshold = 0.5}, nullptr);
  std::vector<float> scores;
  for (const Detection& each : merged) scores.push_back(each.score);
  CHECK(scores == std::vector<float>({0.9f, 0.8f, 0.5f}));
}

TEST("tile_merge: two objects that one tile took for one are what the other saw") {
  const TileGrid grid = grid_of(2, 1);
  std::vector<TileDetection> found;
  see(grid, 0, {53, 20, 64, 42}, 0.9f, found);  // cut at the tile's right edge
  see(grid, 1, {53, 20, 70, 31}, 0.8f, found);
  see(grid, 1, {53, 31, 70, 42}, 0.8f, found);
  CHECK(sorted_boxes(merge_tiles(grid, found, {}, nullptr)) == std::vector<PixelRect>({{53, 20, 70, 31}, {53, 31, 70, 42}}));
}

TEST("tile_merge: what a tile sees beside a picture smaller than itself is cut off") {
  const TileGrid grid = {{40, 50}, 64, {0}, {0}};
  std::vector<TileDetection> found;
  found.push_back({0, {{45, 30, 60, 50}, 0.5f, 0, rle_from_bitmap(std::vector<uint8_t>(64 * 64, 1).data(), {64, 64})}});
  found.push_back({0, {{52, 10, 60, 20}, 0.5f, 0, rle_from_bitmap(std::vector<uint8_t>(64 * 64, 0).data(), {64, 64})}});
  const std::vector<Detection> merged = merge_tiles(grid, found, {}, nullptr);
  CHECK_EQUAL(merged.size(), 1u);
  CHECK((merged[0].box_xyxy == std::array<float, 4>{45, 30, 50, 40}));
  CHECK_EQUAL(rle_area(merged[0].mask), 50 * 40);
}

TEST("tile_merge: grids and tiles that are none are refused") {
  const TileGrid grid = grid_of(2, 2);
  const auto refused = [](const TileGrid& wrong, const char* part) {
    CHECK_FAILS(merge_tiles(wrong, {}, {}, nullptr), ErrorCode::kInvalidArgument, part);
  };
  refused({{100, 100}, 64, {}, {0}}, "lefts");
  refused({{100, 100}, 64, {0}, {50, 0}}, "tops");
  refused({{100, 100}, 64, {0, 100}, {0}}, "lefts");
  refused({{0, 100}, 64, {0}, {0}}, "picture");
  refused({{70'000, 70'000}, 64, {0}, {0}}, "70000");
  CHECK_FAILS(merge_tiles(grid, {{4, {{0, 0, 9, 9}, 0.5f, 0, {}}}}, {.masks = false}, nullptr), ErrorCode::kInvalidArgument, "tile");
}

TEST("tile_merge: a hundred thousand objects take little time") {
  const TileGrid grid = grid_of(60, 60);
  std::vector<PixelRect> objects;
  for (int64_t y = 2; y + 6 < grid.picture.height; y += 9)
    for (int64_t x = 3; x + 6 < grid.picture.width; x += 9) objects.push_back({x, y, x + 6, y + 6});
  std::vector<TileDetection> found;
  for (int64_t tile = 0; tile < grid.tiles(); ++tile) {
    const PixelRect rect = grid.rect(tile);
    for (int64_t y = std::max<int64_t>(0, rect.top / 9 - 1); y <= rect.bottom / 9; ++y)
      for (int64_t x = std::max<int64_t>(0, rect.left / 9 - 1); x <= rect.right / 9; ++x)
        see(grid, tile, {x * 9 + 3, y * 9 + 2, x * 9 + 9, y * 9 + 8}, 0.5f, found);
  }
  const std::clock_t start = std::clock();  // of the processor: the machine may have other things to do
  const std::vector<Detection> merged = merge_tiles(grid, found, {}, nullptr);
  const double seconds = static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC;
  CHECK(merged.size() >= objects.size() && merged.size() < objects.size() * 11 / 10);
  CHECK(objects.size() > 100'000);
  CHECK(seconds < 10);
}
