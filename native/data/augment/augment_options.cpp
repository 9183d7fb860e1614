// The JSON that augment.h describes, read strictly. Before it: lib/train (passes a user's settings through). After it: augment.
#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "base/json.h"
#include "base/json_section.h"
#include "data/augment/augment.h"

namespace mimdet {
namespace {

constexpr int64_t kLeastSide = 16, kMostSide = 8192, kMostInput = 65'535;
constexpr double kReferenceMinSize = 800;

/// A size of the reference's recipe at another size of the model's input.
int64_t scaled(int64_t size, int64_t min_size) {
  const double exact = static_cast<double>(size) * static_cast<double>(min_size) / kReferenceMinSize;
  return std::max(kLeastSide, static_cast<int64_t>(std::llround(exact)));
}

std::vector<int64_t> scaled(std::vector<int64_t> sizes, int64_t min_size) {
  for (int64_t& size : sizes) size = scaled(size, min_size);
  return sizes;
}

std::vector<double> number_list(const Json& json, const std::string& name, const char* what, size_t most, double low,
                                double high) {
  if (!json.is_array() || json.array().empty() || json.array().size() > most) refuse_json(what, name, json);
  std::vector<double> numbers;
  for (const Json& item : json.array()) {
    if (!item.is_number() || !(item.number() >= low && item.number() <= high)) refuse_json(what, name, json);
    numbers.push_back(item.number());
  }
  return numbers;
}

std::vector<int64_t> read_sides(const Json& json, const std::string& name, const char* what, size_t most) {
  std::vector<int64_t> sides;
  for (const double side : number_list(json, name, what, most, kLeastSide, kMostSide)) {
    if (side != std::floor(side)) refuse_json(what, name, json);
    sides.push_back(static_cast<int64_t>(side));
  }
  return sides;
}

void read_sizes(JsonSection& section, const char* key, std::vector<int64_t>& sizes) {
  const Json* found = section.take(key);
  if (found) sizes = read_sides(*found, section.name(key), "1 to 64 integers from 16 to 8192", 64);
}

void read_crop(JsonSection& section, ResizeCropOptions& options) {
  constexpr const char* kWhat = "two rising integers from 16 to 8192";
  const Json* found = section.take("crop");
  if (!found) return;
  const std::vector<int64_t> sides = read_sides(*found, section.name("crop"), kWhat, 2);
  if (sides.size() != 2 || sides[0] > sides[1]) refuse_json(kWhat, section.name("crop"), *found);
  options.crop_least = sides[0], options.crop_most = sides[1];
}

void read_scale(JsonSection& section, Range& range) {
  constexpr const char* kWhat = "two rising numbers from 0.05 to 4";
  const Json* found = section.take("scale");
  if (!found) return;
  const std::vector<double> ends = number_list(*found, section.name("scale"), kWhat, 2, 0.05, 4);
  if (ends.size() != 2 || ends[0] > ends[1]) refuse_json(kWhat, section.name("scale"), *found);
  range = {ends[0], ends[1]};
}

/// An object turns a step on, as `true` does with all its defaults; `false` and null turn it off.
template <class Options, class Read>
void read_step(JsonSection& section, const char* key, std::optional<Options>& step, const Options& defaults, Read read) {
  const Json* found = section.take(key);
  if (!found) return;
  step.reset();
  if (found->is_null() || (found->is_bool() && !found->boolean())) return;
  step = defaults;
  if (found->is_bool()) return;
  if (!found->is_object()) refuse_json("an object, true, false or null", section.name(key), *found);
  JsonSection inner(*found, section.name(key));
  read(inner, *step);
  inner.finish();
}

ResizeCropOptions default_resize_crop(int64_t min_size) {
  return {0.5, scaled({400, 500, 600}, min_size), scaled(384, min_size), scaled(600, min_size)};
}

void read_resize_crop(JsonSection& section, ResizeCropOptions& options) {
  section.number("probability", options.probability, 0, 1);
  read_sizes(section, "sizes", options.sizes);
  read_crop(section, options);
}

void read_large_scale_jitter(JsonSection& section, LargeScaleJitterOptions& options) {
  section.integer("size", options.size, kLeastSide, kMostSide);
  read_scale(section, options.scale);
  section.boolean("pad", options.pad);
}

void read_colour(JsonSection& section, ColourOptions& options) {
  section.number("probability", options.probability, 0, 1);
  section.number("brightness", options.brightness, 0, 1);
  section.number("contrast", options.contrast, 0, 1);
  section.number("saturation", options.saturation, 0, 1);
  section.number("hue", options.hue, 0, 0.5);
  section.number("grey", options.grey, 0, 1);
  section.number("invert", options.invert, 0, 1);
}

void read_copy_paste(JsonSection& section, CopyPasteOptions& options) {
  section.number("probability", options.probability, 0, 1);
  read_scale(section, options.scale);
  section.integer("maxObjects", options.max_objects, 1, 1000);
  section.number("minVisible", options.min_visible, 0, 1);
}

AugmentOptions read_options(const Json& json) {
  JsonSection section(json, "augment");
  AugmentOptions options;
  section.integer("minSize", options.min_size, 1, kMostInput);
  section.integer("maxSize", options.max_size, 1, kMostInput);
  options.sizes = scaled({480, 512, 544, 576, 608, 640, 736, 768, 800}, options.min_size);
  read_sizes(section, "sizes", options.sizes);
  std::string sizes_per = "picture";
  section.choice("sizesPer", sizes_per, {"picture", "batch"});
  options.one_size_per_batch = sizes_per == "batch";
  section.section("flip", [&](JsonSection& inner) {
    inner.number("horizontal", options.flip_horizontal, 0, 1);
    inner.number("vertical", options.flip_vertical, 0, 1);
  });
  section.number("quarterTurn", options.quarter_turn, 0, 1);
  options.resize_crop = default_resize_crop(options.min_size);
  read_step(section, "resizeCrop", options.resize_crop, *options.resize_crop, read_resize_crop);
  const LargeScaleJitterOptions jitter{std::clamp(options.max_size, kLeastSide, kMostSide), {0.1, 2}, true};
  read_step(section, "largeScaleJitter", options.large_scale_jitter, jitter, read_large_scale_jitter);
  read_step(section, "colour", options.colour, {}, read_colour);
  read_step(section, "copyPaste", options.copy_paste, {}, read_copy_paste);
  section.boolean("recomputeBoxes", options.recompute_boxes);
  section.finish();
  return options;
}

}  // namespace

AugmentOptions parse_augment_options(std::string_view json) {
  try {
    return read_options(Json::parse(json));
  } catch (const JsonError& error) {
    fail_expected(ErrorCode::kInvalidArgument, "a JSON document", "augment", error.what());
  }
}

}  // namespace mimdet
