// Mask pasting against LibTorch's grid_sampler over the whole picture, bit by bit but for pixels on the threshold.
#include "ops/paste_masks.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/from_blob.h>
#include <ATen/ops/full.h>
#include <ATen/ops/grid_sampler.h>
#include <ATen/ops/meshgrid.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/ones_like.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>

#include <cmath>

#include "check.h"
#include "ops/stored_tensors.h"

using namespace mimdet;

namespace {

// The probability image that the pasted mask stands for: bilinear, zero padding, align_corners false, as the reference samples
// it.
at::Tensor probability_image(const at::Tensor& probabilities, const at::Tensor& box, SizeHw size) {
  const auto axis = [&](int64_t length, int64_t from, int64_t to) {
    return (at::arange(length, at::kFloat) + 0.5 - box[from]) / (box[to] - box[from]) * 2 - 1;
  };
  const auto grid = at::meshgrid({axis(size.height, 1, 3), axis(size.width, 0, 2)}, "ij");
  const at::Tensor places = at::stack({grid[1], grid[0]}, 2).unsqueeze(0);
  return at::grid_sampler(probabilities.unsqueeze(0).unsqueeze(0), places, /*bilinear*/ 0, /*zeros*/ 0,
                          /*align_corners=*/false)[0][0];
}

at::Tensor bitmap_of(const RleMask& mask) {
  const std::vector<uint8_t> pixels = rle_to_bitmap(mask);
  return at::from_blob(const_cast<uint8_t*>(pixels.data()), {mask.height, mask.width}, at::kByte).clone().to(at::kBool);
}

// Pixels that differ though their probability is farther than 1e-4 from the threshold.
int64_t wrong_pixels(const at::Tensor& probabilities, const at::Tensor& boxes, SizeHw size) {
  const std::vector<RleMask> masks = paste_masks(probabilities, boxes, size);
  int64_t wrong = 0;
  for (int64_t i = 0; i < boxes.size(0); ++i) {
    const at::Tensor image = probability_image(probabilities[i], boxes[i], size);
    const at::Tensor differs = bitmap_of(masks[i]).ne(image >= 0.5) & ((image - 0.5).abs() > 1e-4);
    wrong += differs.sum().item<int64_t>();
  }
  return wrong;
}

}  // namespace

TEST("paste_masks: the bits of a full probability image cut at 0.5") {
  const SizeHw size{90, 130};
  for (const int64_t cells : {1, 2, 14, 28})
    for (uint64_t seed = 0; seed < 3; ++seed) {
      const at::Tensor probabilities = test::random_tensor({12, cells, cells}, 0, 1, seed);
      const at::Tensor boxes = test::random_boxes(12, 130, seed + 20);
      CHECK_EQUAL(wrong_pixels(probabilities, boxes, size), 0);                  // boxes of more and of fewer pixels than cells
      CHECK_EQUAL(wrong_pixels(probabilities, boxes * 4 - 150, size), 0);        // partly and wholly beside the picture
      CHECK_EQUAL(wrong_pixels(probabilities, boxes.floor() + 0.25, size), 0);
      CHECK_EQUAL(wrong_pixels(at::ones_like(probabilities), boxes, size), 0);   // the border cells decide
    }
}

TEST("paste_masks: runs are canonical and fill the picture") {
  const SizeHw size{50, 60};
  for (const RleMask& mask : paste_masks(test::random_tensor({20, 28, 28}, 0, 1, 1), test::random_boxes(20, 60, 2), size)) {
    const std::vector<uint8_t> pixels = rle_to_bitmap(mask);
    CHECK(rle_from_bitmap(pixels.data(), size) == mask);  // no run of 0 but the first, nothing that could be merged
  }
}

TEST("paste_masks: the whole picture, one pixel, one column") {
  const at::Tensor ones = at::ones({1, 4, 4});
  CHECK(paste_masks(ones, at::tensor({0.f, 0.f, 6.f, 5.f}).view({1, 4}), {5, 6})[0].runs == (std::vector<uint32_t>{0, 30}));
  CHECK(paste_masks(ones, at::tensor({2.f, 1.f, 3.f, 2.f}).view({1, 4}), {5, 6})[0].runs == (std::vector<uint32_t>{11, 1, 18}));
  CHECK(paste_masks(ones, at::tensor({5.f, 0.f, 6.f, 5.f}).view({1, 4}), {5, 6})[0].runs == (std::vector<uint32_t>{25, 5}));
}

TEST("paste_masks: a side that no float is equal to ends where it ends") {
  const int64_t width = (1 << 24) + 3;  // as a float one more
  const at::Tensor box = at::tensor({16777210.f, 0.f, static_cast<float>(width), 1.f}).view({1, 4});
  const RleMask mask = paste_masks(at::ones({1, 4, 4}), box, {1, width})[0];
  CHECK_EQUAL(mask.runs.size(), 2u);
  CHECK_EQUAL(int64_t{mask.runs[0]} + mask.runs[1], width);
}

TEST("paste_masks: boxes of no area, not finite, or elsewhere give empty masks") {
  const float nan = std::nanf(""), infinity = INFINITY;
  const at::Tensor boxes = at::tensor({1.f, 1.f, 1.f,      4.f, 4.f,   1.f,   1.f,   4.f,   nan,   0.f,   4.f,   4.f,
                                       0.f, 0.f, infinity, 4.f, 100.f, 100.f, 120.f, 120.f, -50.f, -50.f, -20.f, -20.f})
                               .view({-1, 4});
  for (const RleMask& mask : paste_masks(at::ones({6, 4, 4}), boxes, {5, 6})) CHECK(mask.runs == (std::vector<uint32_t>{30}));
  CHECK(paste_masks(at::zeros({0, 4, 4}), at::zeros({0, 4}), {5, 6}).empty());
  CHECK_EQUAL(paste_masks(at::full({1, 4, 4}, nan), at::tensor({0.f, 0.f, 6.f, 5.f}).view({1, 4}), {5, 6})[0].runs.size(), 1u);
}

TEST("paste_masks: other shapes and pictures without pixels are refused") {
  const at::Tensor boxes = at::zeros({2, 4});
  CHECK_FAILS(paste_masks(at::zeros({3, 4, 4}), boxes, {5, 6}), ErrorCode::kInvalidArgument, "`probabilities`");
  CHECK_FAILS(paste_masks(at::zeros({2, 4, 5}), boxes, {5, 6}), ErrorCode::kInvalidArgument, "`probabilities`");
  CHECK_FAILS(paste_masks(at::zeros({2, 4, 4}), boxes, {0, 6}), ErrorCode::kInvalidArgument, "0 x 6");
  CHECK_FAILS(paste_masks(at::zeros({2, 4, 4}), boxes, {1 << 20, 1 << 20}), ErrorCode::kInvalidArgument, "pixels");
}
