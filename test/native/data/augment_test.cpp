// Pictures and objects through the augmentations: pixels, boxes and masks stay one thing.
#include "data/augment/augment.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "check.h"
#include "data/augment/augmentations.h"
#include "data/augment/clip_polygon.h"
#include "data/augment/mask_window.h"
#include "data/augment/move_objects.h"
#include "data/pictures.h"

using namespace mimdet;
using namespace mimdet::test;

namespace {

/// The bits of `mask` as a picture of two colours: what a mask must look like after the pixels have been moved.
Image as_image(const RleMask& mask) {
  Image image{{}, mask.size()};
  for (const uint8_t bit : rle_to_bitmap(mask)) image.rgb.insert(image.rgb.end(), 3, bit ? 255 : 0);
  return image;
}

RleMask as_mask(const Image& image) {
  std::vector<uint8_t> bits;
  for (size_t i = 0; i < image.rgb.size(); i += 3) bits.push_back(image.rgb[i] >= 128);
  return rle_from_bitmap(bits.data(), image.size);
}

BoxXyxy box_of(const RleMask& mask) {
  const BoxXywh box = rle_bounding_box(mask);
  return {box[0], box[1], box[0] + box[2], box[1] + box[3]};
}

double farthest(const BoxXyxy& a, const BoxXyxy& b) {
  double most = 0;
  for (size_t i = 0; i < 4; ++i) most = std::max(most, std::abs(a[i] - b[i]));
  return most;
}

AugmentOptions still() { return parse_augment_options(R"({"flip":{"horizontal":0},"resizeCrop":null,"sizes":[64],"minSize":64,"maxSize":64})"); }

}  // namespace

TEST("canvas: two flips, four turns and a turn there and back are nothing") {
  const TrainingPicture picture = picture_with_stars({37, 52}, 6, 1);
  const auto check_same = [&](Canvas canvas) {
    CHECK(canvas.image().rgb == picture.image.rgb && canvas.size() == picture.image.size);
    const auto objects = move_objects(picture.objects, canvas.placement(), true);
    CHECK_EQUAL(objects.size(), picture.objects.size());
    for (size_t i = 0; i < objects.size(); ++i) {
      CHECK(farthest(objects[i].box_xyxy, picture.objects[i].box_xyxy) < 1e-9);
      CHECK(rle_of_mask(objects[i].mask, canvas.size()) == rle_of_mask(picture.objects[i].mask, canvas.size()));
    }
  };
  Canvas flipped(picture.image), turned(picture.image), back(picture.image);
  flipped.flip_horizontal(), flipped.flip_horizontal(), flipped.flip_vertical(), flipped.flip_vertical();
  check_same(std::move(flipped));
  for (int i = 0; i < 4; ++i) turned.turn(1);
  check_same(std::move(turned));
  back.turn(1), back.turn(3);
  check_same(std::move(back));
}

TEST("canvas: a turn is clockwise, and masks go with their pixels through every flip and turn") {
  Canvas corner({{1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 4, 5, 5, 5, 6, 6, 6}, {2, 3}});  // 1 2 3 / 4 5 6
  corner.turn(1);
  CHECK((corner.image().rgb == std::vector<uint8_t>{4, 4, 4, 1, 1, 1, 5, 5, 5, 2, 2, 2, 6, 6, 6, 3, 3, 3}));
  const TrainingPicture picture = picture_with_stars({41, 60}, 8, 2, true);
  for (int way = 0; way < 16; ++way)
    for (const TrainingObject& object : picture.objects) {
      if (!std::holds_alternative<RleMask>(object.mask)) continue;
      Canvas canvas(as_image(std::get<RleMask>(object.mask)));
      if (way & 1) canvas.flip_horizontal();
      if (way & 2) canvas.flip_vertical();
      canvas.turn(way / 4);
      const auto moved = move_objects({object}, canvas.placement(), true);
      CHECK_EQUAL(moved.size(), 1u);
      const RleMask expected = as_mask(canvas.image());
      CHECK(rle_of_mask(moved[0].mask, canvas.size()) == expected);
      CHECK(farthest(moved[0].box_xyxy, box_of(expected)) < 1e-9);
    }
}

TEST("crop: bitmaps are cut exactly, polygons as their bitmaps would be, boxes as the masks") {
  const TrainingPicture picture = picture_with_stars({90, 120}, 40, 3, true);
  const int64_t left = 31, top = 22;
  Canvas canvas(picture.image);
  canvas.crop(left, top, {40, 50});
  size_t kept = 0;
  for (const TrainingObject& object : picture.objects) {
    Canvas bits(as_image(rle_of_mask(object.mask, picture.image.size)));
    bits.crop(left, top, {40, 50});
    const RleMask expected = as_mask(bits.image());
    const auto moved = move_objects({object}, canvas.placement(), true);
    if (moved.empty()) {
      CHECK(rle_area(expected) <= 2);  // a corner of a polygon that holds hardly a pixel
      continue;
    }
    ++kept;
    const RleMask mask = rle_of_mask(moved[0].mask, canvas.size());
    if (std::holds_alternative<RleMask>(object.mask)) CHECK(mask == expected);
    // Corners on the edge come to lie on COCO's grid of fifths: single pixels of the outline may differ.
    else CHECK(rle_iou(mask, expected, false) > 0.95 || std::abs(rle_area(mask) - rle_area(expected)) <= 3);
    if (std::holds_alternative<RleMask>(object.mask)) CHECK(farthest(moved[0].box_xyxy, box_of(mask)) < 1e-9);
    else CHECK(farthest(moved[0].box_xyxy, bounds_of(std::get<PolygonMask>(moved[0].mask))) < 1e-9);
    for (size_t i = 0; i < 4; ++i) CHECK(moved[0].box_xyxy[i] >= 0 && moved[0].box_xyxy[i] <= (i % 2 ? 40 : 50));
  }
  CHECK(kept > 5 && kept < 25);
}

TEST("crop: the box of what was cut is that of the mask that is left, or the clipped one where that is asked for") {
  const SizeHw size{20, 20};
  const PolygonMask triangle{{0, 0, 10, 0, 0, 10}};
  Canvas canvas(noise_image(size, 1));
  canvas.crop(5, 0, {20, 15});
  const TrainingObject object{{0, 0, 10, 10}, 0, triangle}, alone{{0, 0, 10, 10}, 0, {}};
  CHECK(farthest(move_objects({object}, canvas.placement(), true)[0].box_xyxy, {0, 0, 5, 5}) < 1e-9);
  CHECK(farthest(move_objects({object}, canvas.placement(), false)[0].box_xyxy, {0, 0, 5, 10}) < 1e-9);
  CHECK(farthest(move_objects({alone}, canvas.placement(), true)[0].box_xyxy, {0, 0, 5, 10}) < 1e-9);
}

TEST("resize: a mask is the pixels of which half are covered; polygons and bitmaps agree") {
  const TrainingPicture picture = picture_with_stars({80, 100}, 12, 4);
  for (const SizeHw to : {SizeHw{160, 200}, {113, 141}, {50, 63}, {80, 200}}) {
    Canvas canvas(picture.image);
    canvas.resize(to);
    for (const TrainingObject& object : picture.objects) {
      const RleMask bits = rle_of_mask(object.mask, picture.image.size);
      TrainingObject bitmap = object;
      bitmap.mask = bits;
      const RleMask mask = rle_of_mask(move_objects({bitmap}, canvas.placement(), true)[0].mask, to);
      Canvas drawn(as_image(bits));
      drawn.resize(to);
      CHECK(rle_iou(mask, as_mask(drawn.image()), false) > 0.85);
      const double scale = static_cast<double>(to.height * to.width) / (80 * 100);
      CHECK(std::abs(static_cast<double>(rle_area(mask)) / static_cast<double>(rle_area(bits)) / scale - 1) < 0.08);
      if (!std::holds_alternative<PolygonMask>(object.mask)) continue;
      const RleMask polygon = rle_of_mask(move_objects({object}, canvas.placement(), true)[0].mask, to);
      CHECK(rle_iou(mask, polygon, false) > 0.75);
    }
  }
}

TEST("resize: twice as large doubles every pixel, and half of that gives the mask back") {
  const TrainingPicture picture = picture_with_stars({40, 50}, 9, 5, true);
  Placement larger(picture.image.size), there_and_back(picture.image.size);
  larger.scale({80, 100});
  there_and_back.scale({80, 100}), there_and_back.scale({40, 50});
  for (const TrainingObject& object : picture.objects) {
    const RleMask bits = rle_of_mask(object.mask, picture.image.size);
    const MaskWindow window = window_of(bits);
    CHECK(rle_of(window, bits.size()) == bits);
    CHECK_EQUAL(moved(window, larger).area(), 4 * window.area());
    CHECK(rle_of(moved(window, there_and_back), bits.size()) == bits);
    CHECK(rle_of(moved(moved(window, larger), [] {
      Placement half({80, 100});
      half.scale({40, 50});
      return half;
    }()), bits.size()) == bits);
  }
}

TEST("resize: a thing of one pixel stays where the picture shrinks, or goes wholly") {
  for (int64_t x = 0; x < 12; ++x) {
    std::vector<uint8_t> bits(12 * 12, 0);
    bits[5 * 12 + x] = 1;
    Placement half({12, 12});
    half.scale({6, 6});
    const MaskWindow window = moved(window_of(rle_from_bitmap(bits.data(), {12, 12})), half);
    CHECK(window.area() <= 1);
    if (!window.empty()) CHECK(window.left == x / 2 && window.top == 2);
  }
}

TEST("mask window: masks that touch all edges come back, run for run") {
  const std::vector<std::vector<uint8_t>> columns = {{1, 1, 1, 1, 1, 1}, {0, 1, 1, 1, 1, 0}, {1, 1, 0, 0, 1, 1}, {0, 0, 1, 1, 0, 0}, {1, 0, 0, 0, 0, 1}};
  for (const auto& pixels : columns) {
    const RleMask mask = rle_from_column_bitmap(pixels.data(), {2, 3});
    CHECK(rle_of(window_of(mask), mask.size()) == mask);
  }
  CHECK(rle_of(MaskWindow{}, {2, 3}) == rle_from_column_bitmap(std::vector<uint8_t>(6, 0).data(), {2, 3}));
}

TEST("crop: a box that has no side left in float32 is dropped") {
  CHECK(is_empty({600.00001, 0, 600.00003, 5}));
  CHECK(!is_empty({0.00001, 0, 0.00003, 5}));
  CHECK(is_empty({5, 3, 5, 9}) && is_empty({6, 3, 5, 9}) && is_empty({std::nan(""), 3, 5, 9}));
}

TEST("clip_polygon: pieces that a window tears apart stay the same pixels") {
  const std::vector<double> comb{0, 0, 30, 0, 30, 20, 25, 20, 25, 5, 15, 5, 15, 20, 10, 20, 10, 5, 5, 5, 5, 20, 0, 20};
  const std::vector<double> teeth = clip_polygon(comb, {0, 10, 30, 18});
  const RleMask expected = rle_intersection(std::vector{rle_from_polygon({24, 32}, comb), rle_from_polygon({24, 32}, std::vector<double>{0, 10, 30, 10, 30, 18, 0, 18})});
  CHECK(rle_from_polygon({24, 32}, teeth) == expected);
  CHECK_EQUAL(rle_area(expected), 3 * 5 * 8);
  CHECK(clip_polygon(comb, {0, 30, 30, 40}).empty());
  CHECK(clip_polygon({0, 0, 10, 0, 5, 0}, {0, 0, 30, 30}).empty());
  CHECK(clip_polygon({3, 3}, {0, 0, 30, 30}).empty());
}

TEST("augment: the same seed and position give the same bytes, others do not") {
  const TrainingPicture picture = picture_with_stars({70, 90}, 10, 6), donor = picture_with_stars({60, 60}, 10, 7);
  const AugmentOptions options = parse_augment_options(
      R"({"minSize":96,"maxSize":128,"quarterTurn":0.5,"colour":true,"copyPaste":{"probability":1},"flip":{"vertical":0.5}})");
  int differ = 0;
  for (int64_t position = 0; position < 20; ++position) {
    const TrainingPicture once = augment(picture, &donor, options, 3, position), again = augment(picture, &donor, options, 3, position);
    CHECK(once.image.rgb == again.image.rgb && once.image.size == again.image.size);
    CHECK_EQUAL(once.objects.size(), again.objects.size());
    for (size_t i = 0; i < once.objects.size(); ++i)
      CHECK(once.objects[i].box_xyxy == again.objects[i].box_xyxy && once.objects[i].mask == again.objects[i].mask);
    differ += augment(picture, &donor, options, 4, position).image.rgb != once.image.rgb;
    CHECK(std::max(once.image.size.height, once.image.size.width) <= 128);
    CHECK_EQUAL(static_cast<int64_t>(once.image.rgb.size()), once.image.size.height * once.image.size.width * 3);
  }
  CHECK_EQUAL(differ, 20);
}

TEST("augment: turning one augmentation on leaves the choices of the others as they are") {
  const TrainingPicture picture = picture_with_stars({70, 90}, 4, 8);
  const AugmentOptions plain = parse_augment_options(R"({"minSize":96,"maxSize":128})");
  const AugmentOptions coloured = parse_augment_options(R"({"minSize":96,"maxSize":128,"colour":true})");
  for (int64_t position = 0; position < 20; ++position) {
    const TrainingPicture a = augment(picture, nullptr, plain, 1, position), b = augment(picture, nullptr, coloured, 1, position);
    CHECK(a.image.size == b.image.size && a.image.rgb != b.image.rgb);
    CHECK_EQUAL(a.objects.size(), b.objects.size());
  }
}

TEST("augment: probabilities are those that were asked for, and crops have the sizes of the recipe") {
  const TrainingPicture picture = picture_with_stars({300, 300}, 1, 9);
  const AugmentOptions options = parse_augment_options(
      R"({"minSize":384,"maxSize":640,"flip":{"horizontal":0.5,"vertical":0.5},"sizes":[256,288,320,352,384,416],
          "resizeCrop":{"probability":0.5,"sizes":[256,320,384],"crop":[192,256]}})");
  int square = 0, flipped = 0;
  for (int64_t position = 0; position < 400; ++position) {
    Canvas canvas(picture.image), mirror(picture.image);
    resize_crop(canvas, *options.resize_crop, Random(1, position, Purpose::kResizeCrop));
    if (canvas.size() == picture.image.size) ++square;
    else CHECK(std::min(canvas.size().height, canvas.size().width) >= 192 && std::max(canvas.size().height, canvas.size().width) <= 256);
    flip(mirror, options, Random(1, position, Purpose::kFlip));
    flipped += mirror.placement().xx < 0;
    const TrainingPicture made = augment(picture, nullptr, options, 1, position);
    const int64_t shortest = std::min(made.image.size.height, made.image.size.width);
    CHECK(std::ranges::count(options.sizes, shortest) == 1);
  }
  CHECK(std::abs(square - 200) < 40 && std::abs(flipped - 200) < 40);
}

TEST("augment: one size per batch is drawn for all its pictures, and again for the next") {
  const TrainingPicture picture = picture_with_stars({60, 90}, 4, 8);
  const AugmentOptions options =
      parse_augment_options(R"({"minSize":96,"maxSize":256,"sizes":[64,96,128],"sizesPer":"batch","resizeCrop":null})");
  std::set<int64_t> sizes;
  for (int64_t first = 0; first < 80; first += 4) {
    std::set<int64_t> of_batch;
    for (int64_t i = first; i < first + 4; ++i)
      of_batch.insert(augment(picture, nullptr, options, 1, {i, first}).image.size.height);
    CHECK_EQUAL(of_batch.size(), size_t{1});
    sizes.merge(of_batch);
  }
  CHECK((sizes == std::set<int64_t>{64, 96, 128}));
}

TEST("large-scale jitter: a padded square, objects scaled, padding free of them") {
  const TrainingPicture picture = picture_with_stars({60, 90}, 12, 10, true);
  const AugmentOptions options = parse_augment_options(R"({"minSize":64,"maxSize":100,"largeScaleJitter":{"size":128}})");
  bool padded = false, cut = false;
  for (int64_t position = 0; position < 60; ++position) {
    const TrainingPicture made = augment(picture, nullptr, options, 2, position);
    CHECK((made.image.size == SizeHw{128, 128}));
    padded = padded || (made.image.rgb.back() == 128 && made.objects.size() > 8);
    cut = cut || made.objects.size() < 10;
    for (const TrainingObject& object : made.objects) {
      const auto* rings = std::get_if<PolygonMask>(&object.mask);
      CHECK(farthest(object.box_xyxy, rings ? bounds_of(*rings) : box_of(std::get<RleMask>(object.mask))) < 1.01);
    }
  }
  CHECK(padded && cut);
}

TEST("colour jitter: no change at zero, greys stay grey, invert twice is nothing") {
  Image image = noise_image({16, 16}, 3);
  const std::vector<uint8_t> before = image.rgb;
  colour_jitter(image, {1, 0, 0, 0, 0, 0, 0}, Random(1, 1, Purpose::kColour));
  CHECK(image.rgb == before);
  for (int i = 0; i < 2; ++i) colour_jitter(image, {1, 0, 0, 0, 0, 0, 1}, Random(1, 1, Purpose::kColour));
  CHECK(image.rgb == before);
  Image grey{std::vector<uint8_t>(48, 90), {4, 4}};
  colour_jitter(grey, {1, 0, 0, 1, 0.5, 0, 0}, Random(1, 2, Purpose::kColour));
  CHECK(grey.rgb == std::vector<uint8_t>(48, 90));
  colour_jitter(image, {1, 0.2, 0.2, 0.2, 0, 1, 0}, Random(1, 3, Purpose::kColour));
  for (size_t i = 0; i < image.rgb.size(); i += 3) CHECK(image.rgb[i] == image.rgb[i + 1] && image.rgb[i] == image.rgb[i + 2]);
}

TEST("colour jitter: a third of the circle turns red into green or blue") {
  int moved = 0;
  for (int64_t position = 0; position < 200; ++position) {
    Image red{{200, 0, 0}, {1, 1}};
    colour_jitter(red, {1, 0, 0, 0, 0.5, 0, 0}, Random(5, position, Purpose::kColour));
    moved += red.rgb[1] > 150 || red.rgb[2] > 150;
  }
  CHECK(moved > 40 && moved < 160);
}

TEST("augment: pictures and objects out of all proportion do no harm") {
  const AugmentOptions options = parse_augment_options(R"({"minSize":64,"maxSize":128,"quarterTurn":0.5,"copyPaste":{"probability":1}})");
  const AugmentOptions square = parse_augment_options(R"({"minSize":64,"maxSize":128,"largeScaleJitter":true})");
  for (const SizeHw size : {SizeHw{1, 1}, {1, 3000}, {3000, 1}, {2, 2}, {17, 400}}) {
    TrainingPicture picture{noise_image(size, 1), {}};
    const double far = 1e7;
    std::vector<double> many;
    for (int i = 0; i < 100'000; ++i) many.insert(many.end(), {i % 2 ? far : -far, static_cast<double>(i % 7) * 1000 - 3000});
    picture.objects = {{{-far, -far, far, far}, 0, PolygonMask{{-far, -far, far, -far, far, far, -far, far}}},
                       {{5, 5, 5, 5}, 0, {}},
                       {{far, far, far, far}, 1, PolygonMask{{far, far, far, far}}},
                       {{0, 0, 1, 1}, 1, PolygonMask{}},
                       {{0, 0, 1, 1}, 1, PolygonMask{{}}},
                       {{1, 1, 0, 0}, 1, RleMask{size.height, size.width, {static_cast<uint32_t>(size.height * size.width)}}},
                       {{0, 0, 1, 1}, 1, RleMask{size.height, size.width, {0, static_cast<uint32_t>(size.height * size.width)}}}};
    TrainingPicture large = picture;
    large.objects.push_back({{-far, -3000, far, 3000}, 2, PolygonMask{many}});
    for (int64_t position = 0; position < 12; ++position) {
      const TrainingPicture made = augment(picture, &picture, options, 1, position);
      CHECK(std::max(made.image.size.height, made.image.size.width) <= 128);
      for (const TrainingObject& object : made.objects) CHECK(!is_empty(object.box_xyxy));
      CHECK((augment(picture, nullptr, square, 1, position).image.size == SizeHw{128, 128}));
    }
    augment(large, nullptr, options, 1, 0);
  }
  CHECK(augment({noise_image({4, 4}, 1), {}}, nullptr, still(), 1, 1).objects.empty());
}
