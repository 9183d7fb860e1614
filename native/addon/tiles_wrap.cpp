#include "addon/tiles_wrap.h"

#include <limits>

#include "addon/arguments.h"
#include "addon/background.h"
#include "addon/results.h"
#include "inference/tile_merge.h"

namespace mimdet {
namespace {

constexpr int64_t kLongest = std::numeric_limits<int32_t>::max();  // side of a picture, number of tiles or objects

/// As it came from JavaScript: masks are read in the task pool.
struct SentDetection {
  int64_t tile;
  Detection detection;
  std::string counts;
};

struct SentTiles {
  TileGrid grid;
  TileMergeOptions options;
  std::vector<SentDetection> found;
};

/// { width, height, size, lefts, tops }
TileGrid read_grid(const Napi::Value& value) {
  const Napi::Object grid = read_object(value, "grid");
  return {{read_integer(grid.Get("height"), "height", 1, kLongest), read_integer(grid.Get("width"), "width", 1, kLongest)},
          read_integer(grid.Get("size"), "size", 1, kLongest),
          read_int32_list(grid.Get("lefts"), "lefts"),
          read_int32_list(grid.Get("tops"), "tops")};
}

TileMergeOptions read_options(const Napi::Value& value) {
  const Napi::Object options = read_object(value, "options");
  return {read_boolean(options.Get("masks"), "masks"), read_integer(options.Get("maxDetections"), "maxDetections", 0, kLongest),
          read_number(options.Get("nmsThreshold"), "nmsThreshold")};
}

/// { tile, found: { boxes, scores, classIds, masks } }
void read_tile(const Napi::Value& value, SentTiles& sent) {
  const Napi::Object entry = read_object(value, "tile"), found = read_object(entry.Get("found"), "found");
  const int64_t tile = read_integer(entry.Get("tile"), "tile", 0, kLongest);
  const std::vector<float> boxes = read_float32_list(found.Get("boxes"), "boxes"), scores = read_float32_list(found.Get("scores"), "scores");
  const std::vector<int64_t> classes = read_int32_list(found.Get("classIds"), "classIds");
  std::vector<std::string> counts(scores.size());
  if (sent.options.masks) counts = read_text_list(found.Get("masks"), "masks");
  if (boxes.size() != 4 * scores.size() || classes.size() != scores.size() || counts.size() != scores.size())
    fail_expected(ErrorCode::kInvalidArgument, "lists of one length", "found", "several");
  for (size_t i = 0; i < scores.size(); ++i) {
    const Detection detection = {{boxes[4 * i], boxes[4 * i + 1], boxes[4 * i + 2], boxes[4 * i + 3]}, scores[i], classes[i], {}};
    sent.found.push_back({tile, detection, std::move(counts[i])});
  }
}

SentTiles read_sent(const Napi::CallbackInfo& info) {
  SentTiles sent{read_grid(info[0]), read_options(info[2]), {}};
  const Napi::Object tiles = read_object(info[1], "tiles");
  const int64_t count = read_integer(tiles.Get("length"), "tiles.length", 0, kLongest);
  for (uint32_t i = 0; i < count; ++i) read_tile(tiles.Get(i), sent);
  return sent;
}

std::vector<TileDetection> with_masks(SentTiles& sent, const CancelFlag& cancel) {
  std::vector<TileDetection> found;
  for (SentDetection& each : sent.found) {
    throw_if_cancelled(cancel);
    if (sent.options.masks) each.detection.mask = rle_from_string({sent.grid.tile_size, sent.grid.tile_size}, each.counts);
    found.push_back({each.tile, std::move(each.detection)});
  }
  return found;
}

}  // namespace

Napi::Value merge_tiles_js(const Napi::CallbackInfo& info) {
  const double job = read_number(info[3], "job");
  auto sent = std::make_shared<SentTiles>(read_sent(info));
  const auto work = [sent](const CancelFlag& cancel) {
    const std::vector<Detection> merged = merge_tiles(sent->grid, with_masks(*sent, cancel), sent->options, cancel);
    return pack({merged, {}}, sent->options.masks);
  };
  return background_promise(info.Env(), job, work, [](Napi::Env env, const PackedDetections& packed) { return to_js(env, packed); });
}

}  // namespace mimdet
