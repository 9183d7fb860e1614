// Mask targets beyond the reference's data: ties at 0.5, boxes of no size and beyond all measure, both kinds of mask alike.
#include "ops/mask_cropper.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/from_blob.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "check.h"
#include "ops/kernels.h"
#include "ops/stored_tensors.h"

using namespace mimdet;

namespace {

constexpr int64_t kSide = 28;
using Target = std::vector<uint8_t>;

Target crop(const RleMask& mask, const std::array<float, 4>& box) {
  Target out(kSide * kSide, 7);
  BitmapCropper().crop(mask, box.data(), kSide, out.data());
  return out;
}

Target crop(const PolygonMask& rings, const std::array<float, 4>& box) {
  Target out(kSide * kSide, 7);
  crop_polygons(rings, box.data(), kSide, out.data());
  return out;
}

int64_t ones(const Target& target) { return std::count(target.begin(), target.end(), 1); }

RleMask disc(SizeHw size, double cx, double cy, double radius) {
  Target pixels(size.height * size.width);
  for (int64_t y = 0; y < size.height; ++y)
    for (int64_t x = 0; x < size.width; ++x) pixels[y * size.width + x] = std::hypot(x - cx, y - cy) < radius;
  return rle_from_bitmap(pixels.data(), size);
}

}  // namespace

TEST("BitmapCropper: what ROIAlign of the whole bitmap gives") {
  const SizeHw size{90, 120};
  const RleMask mask = disc(size, 60, 40, 25);
  const std::vector<uint8_t> pixels = rle_to_bitmap(mask);
  const at::Tensor bitmap =
      at::from_blob(const_cast<uint8_t*>(pixels.data()), {1, 1, size.height, size.width}, at::kByte).to(at::kDouble);
  const at::Tensor boxes = test::random_boxes(300, 150, 4) - 20;
  for (int64_t i = 0; i < boxes.size(0); ++i) {
    const float* box = boxes[i].const_data_ptr<float>();
    const at::Tensor roi =
        at::tensor({0.0, double(box[0]), double(box[1]), double(box[2]), double(box[3])}, at::kDouble).view({1, 5});
    const at::Tensor pooled = composite::roi_align(bitmap, roi, 1.0, kSide).view({kSide, kSide});
    const Target target = crop(mask, {box[0], box[1], box[2], box[3]});
    const at::Tensor ours = at::from_blob(const_cast<uint8_t*>(target.data()), {kSide, kSide}, at::kByte);
    const at::Tensor differs = ours.ne(pooled.ge(0.5).to(at::kByte)).logical_and((pooled - 0.5).abs().gt(1e-5));
    CHECK(!differs.any().item<bool>());
  }
}

TEST("BitmapCropper: a value of 0.5 counts as inside") {
  // 56 pixels, two samples a bin at the middles of pixels: the left half of a bin set is 0.5 exactly.
  Target pixels(60 * 60);
  for (int64_t y = 0; y < 60; ++y)
    for (int64_t x = 0; x < 60; x += 2) pixels[y * 60 + x] = 1;
  CHECK_EQUAL(ones(crop(rle_from_bitmap(pixels.data(), {60, 60}), {2, 2, 58, 58})), kSide * kSide);
  CHECK_EQUAL(ones(crop(rle_from_bitmap(pixels.data(), {60, 60}), {2, 2, 58, 3})), kSide * kSide);
}

TEST("mask targets: a square in its own box is full, in a box beside it empty, for both kinds of mask") {
  const PolygonMask square = {{10, 10, 50, 10, 50, 50, 10, 50}};
  const RleMask bitmap = rle_from_polygons({64, 64}, square);
  CHECK_EQUAL(ones(crop(square, {10, 10, 50, 50})), kSide * kSide);
  CHECK_EQUAL(ones(crop(bitmap, {10, 10, 50, 50})), kSide * kSide);
  CHECK_EQUAL(ones(crop(square, {52, 52, 60, 60})), 0);
  CHECK_EQUAL(ones(crop(bitmap, {52, 52, 60, 60})), 0);
  CHECK_EQUAL(ones(crop(square, {10, 10, 90, 50})), kSide * kSide / 2);
}

TEST("mask targets: boxes of no size, swapped, not finite or beyond all measure end, and quickly") {
  const float far = 3e38f, nan = std::nanf(""), infinity = std::numeric_limits<float>::infinity();
  const PolygonMask square = {{10, 10, 50, 10, 50, 50, 10, 50}};
  const RleMask bitmap = rle_from_polygons({64, 64}, square);
  const std::vector<std::array<float, 4>> boxes = {{5, 5, 5, 5},       {50, 50, 10, 10}, {-far, -far, far, far}, {nan, 0, 5, nan},
                                                   {0, 0, infinity, 5}, {-1e9f, -1e9f, 1e9f, 1e9f}, {1e30f, 1e30f, 2e30f, 2e30f}};
  for (const auto& box : boxes)
    for (const Target& target : {crop(square, box), crop(bitmap, box)})
      CHECK(std::all_of(target.begin(), target.end(), [](uint8_t pixel) { return pixel <= 1; }));
}

TEST("crop_polygons: no ring is no pixel; coordinates beyond all measure are drawn as far as the box reaches") {
  CHECK_EQUAL(ones(crop(PolygonMask{}, {0, 0, 10, 10})), 0);
  CHECK_EQUAL(ones(crop(PolygonMask{{-1e300, -1e300, 1e300, -1e300, 1e300, 1e300, -1e300, 1e300}}, {0, 0, 10, 10})),
              kSide * kSide);
}
