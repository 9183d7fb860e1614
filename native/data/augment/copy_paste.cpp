// Copy-paste (Ghiasi et al. 2021): the donor is flipped, scaled and shifted as a whole, and some of its objects are laid onto the
// picture, one over the other. A map of owners says for each pixel which of them lies on top.
#include <algorithm>
#include <cmath>
#include <cstring>
#include <optional>
#include <span>

#include "data/augment/augmentations.h"
#include "data/augment/clip_polygon.h"
#include "data/augment/mask_window.h"
#include "data/augment/move_objects.h"
#include "structures/rle_mask.h"

namespace mimdet {
namespace {

// A donor of other proportions or units must not become a picture without bound.
constexpr int64_t kMostOfTarget = 2;

struct Pasted {
  TrainingObject object;
  MaskWindow window;
};

/// For each pixel of the picture the number of the pasted object on top, from 1; 0 where nothing was pasted.
struct Owners {
  SizeHw size;
  std::vector<uint16_t> numbers;
  BoxXyxy bounds{1e18, 1e18, -1e18, -1e18};  // of all that was pasted

  void lay(const MaskWindow& window, uint16_t number) {
    for (int64_t y = 0; y < window.height; ++y)
      for (int64_t x = 0; x < window.width; ++x)
        if (window.rows[y * window.width + x]) numbers[(window.top + y) * size.width + window.left + x] = number;
    bounds = {std::min(bounds[0], double(window.left)), std::min(bounds[1], double(window.top)),
              std::max(bounds[2], double(window.left + window.width)), std::max(bounds[3], double(window.top + window.height))};
  }

  /// What of a mask's pixels belongs to `number`.
  MaskWindow owned(const MaskWindow& window, uint16_t number) const {
    MaskWindow left = window;
    for (int64_t y = 0; y < window.height; ++y)
      for (int64_t x = 0; x < window.width; ++x)
        if (numbers[(window.top + y) * size.width + window.left + x] != number) left.rows[y * window.width + x] = 0;
    return left;
  }
};

SizeHw donor_size(SizeHw donor, SizeHw target, double scale) {
  const auto longest = static_cast<double>(std::max(donor.height, donor.width));
  scale = std::min(scale, static_cast<double>(kMostOfTarget * std::max(target.height, target.width)) / longest);
  const auto scaled = [&](int64_t side) { return std::max<int64_t>(1, std::llround(static_cast<double>(side) * scale)); };
  return {scaled(donor.height), scaled(donor.width)};
}

/// Where the donor's first pixel comes to lie: anywhere so that the smaller of the two sides lies within the larger.
int64_t random_offset(int64_t donor, int64_t target, Random& random) {
  return random.between(std::min<int64_t>(0, target - donor), std::max<int64_t>(0, target - donor));
}

/// Clipped first: rasterising costs as much as an outline is long.
MaskWindow rasterised(const PolygonMask& rings, SizeHw frame) {
  PolygonMask inside;
  for (const std::vector<double>& ring : rings) {
    auto left = clip_polygon(ring, {0, 0, double(frame.width), double(frame.height)});
    if (!left.empty()) inside.push_back(std::move(left));
  }
  if (inside.empty()) return {};
  return window_of(rle_from_polygons(frame, inside));
}

MaskWindow window_of_mask(const ObjectMask& mask, SizeHw frame) {
  if (const auto* rle = std::get_if<RleMask>(&mask)) return window_of(*rle);
  if (const auto* rings = std::get_if<PolygonMask>(&mask)) return rasterised(*rings, frame);
  return {};
}

/// At most `most` of the donor's objects that have a mask, in random order.
std::vector<TrainingObject> some_objects(const std::vector<TrainingObject>& all, int64_t most, Random& random) {
  std::vector<TrainingObject> some;
  for (const TrainingObject& object : all)
    if (!std::holds_alternative<std::monostate>(object.mask)) some.push_back(object);
  random.shuffle(std::span(some));
  if (!some.empty()) some.resize(random.between(1, std::min<int64_t>(most, static_cast<int64_t>(some.size()))));
  return some;
}

/// Whether the picture's edge leaves enough of an object; measured by its box.
bool enough_inside(const BoxXyxy& source, const BoxXyxy& now, const Placement& placement, double least) {
  const auto area = [](const BoxXyxy& box) { return (box[2] - box[0]) * (box[3] - box[1]); };
  return area(now) >= least * area(placement.box(source));
}

std::vector<Pasted> place(const std::vector<TrainingObject>& objects, const Placement& placement, double min_visible) {
  std::vector<Pasted> pasted;
  for (const TrainingObject& object : objects)
    for (TrainingObject& now : move_objects({object}, placement, true)) {
      if (!enough_inside(object.box_xyxy, now.box_xyxy, placement, min_visible)) continue;
      MaskWindow window = window_of_mask(now.mask, placement.size);
      if (!window.empty()) pasted.push_back({std::move(now), std::move(window)});
    }
  return pasted;
}

void set_mask(TrainingObject& object, const MaskWindow& window, SizeHw frame) {
  const MaskWindow left = trimmed(window);
  object.mask = rle_of(left, frame);
  object.box_xyxy = {double(left.left), double(left.top), double(left.left + left.width), double(left.top + left.height)};
}

/// Whether the object stays. A mask of which something is covered is cut; a box alone stays while enough of it is free.
bool uncover(TrainingObject& object, const MaskWindow& window, uint16_t number, const Owners& owners, double min_visible) {
  const MaskWindow left = owners.owned(window, number);
  const int64_t before = window.area(), after = left.area();
  if (after == before) return true;
  if (after == 0 || static_cast<double>(after) < min_visible * static_cast<double>(before)) return false;
  if (!std::holds_alternative<std::monostate>(object.mask)) set_mask(object, left, owners.size);
  return true;
}

/// All pixels of the box, for an object that has no mask.
MaskWindow window_of_box(const BoxXyxy& box, SizeHw frame) {
  const BoxXyxy inside = clipped(box, {0, 0, double(frame.width), double(frame.height)});
  if (is_empty(inside)) return {};
  const auto left = static_cast<int64_t>(inside[0]), top = static_cast<int64_t>(inside[1]);
  const int64_t width = static_cast<int64_t>(std::ceil(inside[2])) - left;
  const int64_t height = static_cast<int64_t>(std::ceil(inside[3])) - top;
  return {left, top, width, height, std::vector<uint8_t>(width * height, 1)};
}

void uncover_own(std::vector<TrainingObject>& objects, const Owners& owners, double min_visible) {
  std::erase_if(objects, [&](TrainingObject& object) {
    if (is_empty(clipped(object.box_xyxy, owners.bounds))) return false;
    const bool has_mask = !std::holds_alternative<std::monostate>(object.mask);
    const MaskWindow window = has_mask ? window_of_mask(object.mask, owners.size) : window_of_box(object.box_xyxy, owners.size);
    return !window.empty() && !uncover(object, window, 0, owners, min_visible);
  });
}

void paste_pixels(Image& image, const Image& donor, int64_t dx, int64_t dy, const Owners& owners) {
  for (int64_t y = 0; y < image.size.height; ++y)
    for (int64_t x = 0; x < image.size.width; ++x)
      if (owners.numbers[y * image.size.width + x])
        std::memcpy(&image.rgb[(y * image.size.width + x) * 3], &donor.rgb[((y - dy) * donor.size.width + x - dx) * 3], 3);
}

}  // namespace

void copy_paste(TrainingPicture& picture, const TrainingPicture& donor, const AugmentOptions& options, Random random) {
  const CopyPasteOptions& own = *options.copy_paste;
  if (!random.chance(own.probability)) return;
  std::vector<TrainingObject> objects = some_objects(donor.objects, own.max_objects, random);
  if (objects.empty()) return;
  Canvas canvas(donor.image);
  if (random.chance(options.flip_horizontal)) canvas.flip_horizontal();
  if (random.chance(options.flip_vertical)) canvas.flip_vertical();
  const SizeHw frame = picture.image.size;
  canvas.resize(donor_size(canvas.size(), frame, random.uniform(own.scale.least, own.scale.most)));
  const int64_t dx = random_offset(canvas.size().width, frame.width, random);
  const int64_t dy = random_offset(canvas.size().height, frame.height, random);
  Placement placement = canvas.placement();
  placement.shift(static_cast<double>(dx), static_cast<double>(dy), frame);

  std::vector<Pasted> pasted = place(objects, placement, own.min_visible);
  Owners owners{frame, std::vector<uint16_t>(frame.height * frame.width, 0)};
  for (size_t i = 0; i < pasted.size(); ++i) owners.lay(pasted[i].window, static_cast<uint16_t>(i + 1));
  paste_pixels(picture.image, canvas.image(), dx, dy, owners);
  uncover_own(picture.objects, owners, own.min_visible);
  for (size_t i = 0; i < pasted.size(); ++i)
    if (uncover(pasted[i].object, pasted[i].window, static_cast<uint16_t>(i + 1), owners, own.min_visible))
      picture.objects.push_back(std::move(pasted[i].object));
}

}  // namespace mimdet
