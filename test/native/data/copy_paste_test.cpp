// Copy-paste: pixels, masks and boxes of what was pasted and of what lies below.
#include <algorithm>
#include <cmath>

#include "check.h"
#include "data/augment/augmentations.h"
#include "data/pictures.h"

using namespace mimdet;
using namespace mimdet::test;

namespace {

AugmentOptions pasting(const std::string& more = "") {
  return parse_augment_options(R"({"flip":{"horizontal":0},"copyPaste":{"probability":1)" + more + "}}");
}

Image plain(SizeHw size, uint8_t value) { return {std::vector<uint8_t>(size.height * size.width * 3, value), size}; }

std::array<double, 4> box_of(const RleMask& mask) {
  const BoxXywh box = rle_bounding_box(mask);
  return {box[0], box[1], box[0] + box[2], box[1] + box[3]};
}

}  // namespace

TEST("copy-paste: masks of one picture never overlap, each shows its own pixels, boxes are those of the masks") {
  const SizeHw size{100, 120};
  int pasted = 0, cut = 0, dropped = 0;
  for (int64_t position = 0; position < 40; ++position) {
    TrainingPicture picture = picture_with_stars(size, 10, 11), donor = picture_with_stars({90, 90}, 10, 12);
    picture.image = plain(size, 50);
    donor.image = plain({90, 90}, 200);
    const size_t before = picture.objects.size();
    const std::vector<TrainingObject> originals = picture.objects;
    copy_paste(picture, donor, pasting(), Random(1, position, Purpose::kCopyPaste));
    std::vector<uint8_t> laid(size.height * size.width, 0);
    size_t own = 0;
    for (const TrainingObject& object : picture.objects) {
      const auto same = std::ranges::find_if(originals, [&](const auto& o) { return o.box_xyxy == object.box_xyxy && o.mask == object.mask; });
      const std::vector<uint8_t> bits = rle_to_bitmap(rle_of_mask(object.mask, size));
      int bright = 0, area = 0;
      for (size_t i = 0; i < bits.size(); ++i)
        if (bits[i]) ++area, bright += picture.image.rgb[3 * i] == 200;
      CHECK(bright == 0 || bright == area);  // wholly of the donor, or wholly of the picture
      CHECK(area > 0);
      if (bright == 0) ++own;
      if (bright > 0) {
        ++pasted;
        for (size_t i = 0; i < bits.size(); ++i) CHECK(!(bits[i] && laid[i]++));
      }
      if (bright == 0 && same == originals.end()) {
        ++cut;
        CHECK(std::holds_alternative<RleMask>(object.mask));
        CHECK(object.box_xyxy == box_of(std::get<RleMask>(object.mask)));
      }
    }
    dropped += own < before;
    CHECK(picture.image.size == size);
  }
  CHECK(pasted > 40 && cut > 10 && dropped > 0);
}

TEST("copy-paste: every bright pixel belongs to a pasted object that stayed, or to one that was hidden too far") {
  const SizeHw size{60, 60};
  TrainingPicture picture{plain(size, 0), {}}, donor = picture_with_stars(size, 5, 13);
  donor.image = plain(size, 255);
  copy_paste(picture, donor, pasting(R"(,"scale":[1,1],"minVisible":0)"), Random(2, 3, Purpose::kCopyPaste));
  std::vector<uint8_t> covered(size.height * size.width, 0);
  for (const TrainingObject& object : picture.objects) {
    const std::vector<uint8_t> bits = rle_to_bitmap(rle_of_mask(object.mask, size));
    for (size_t i = 0; i < bits.size(); ++i) covered[i] |= bits[i];
  }
  for (size_t i = 0; i < covered.size(); ++i) CHECK_EQUAL(picture.image.rgb[3 * i] == 255, covered[i] == 1);
}

TEST("copy-paste: nothing happens without a probability, masks or objects; at most so many are pasted") {
  const SizeHw size{60, 60};
  const TrainingPicture before = picture_with_stars(size, 3, 14);
  TrainingPicture boxes = picture_with_stars(size, 6, 15), picture = before;
  for (TrainingObject& object : boxes.objects) object.mask = {};
  copy_paste(picture, boxes, pasting(), Random(1, 1, Purpose::kCopyPaste));
  copy_paste(picture, TrainingPicture{noise_image(size, 1), {}}, pasting(), Random(1, 1, Purpose::kCopyPaste));
  copy_paste(picture, picture_with_stars(size, 6, 15), parse_augment_options(R"({"copyPaste":{"probability":0}})"), Random(1, 1, Purpose::kCopyPaste));
  CHECK(picture.image.rgb == before.image.rgb && picture.objects.size() == 3);
  for (int64_t position = 0; position < 20; ++position) {
    TrainingPicture blank{plain(size, 0), {}};
    copy_paste(blank, picture_with_stars(size, 30, 16), pasting(R"(,"maxObjects":2)"), Random(1, position, Purpose::kCopyPaste));
    CHECK(blank.objects.size() <= 2);
  }
}

TEST("copy-paste: a box without a mask stays while enough of it is free") {
  const SizeHw size{40, 40};
  const TrainingPicture donor{plain(size, 255), {{{0, 0, 20, 40}, 0, PolygonMask{{0, 0, 20, 0, 20, 40, 0, 40}}}}};
  TrainingPicture picture{plain(size, 0), {{{0, 0, 22, 22}, 1, {}}, {{15, 0, 39, 20}, 1, {}}}};
  copy_paste(picture, donor, pasting(R"(,"scale":[1,1])"), Random(1, 1, Purpose::kCopyPaste));
  CHECK_EQUAL(picture.objects.size(), 2u);
  CHECK((picture.objects[0].box_xyxy == std::array<double, 4>{15, 0, 39, 20}));
  CHECK(std::holds_alternative<std::monostate>(picture.objects[0].mask));
  CHECK_EQUAL(picture.objects[1].class_id, 0);
}
