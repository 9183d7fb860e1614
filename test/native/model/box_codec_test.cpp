#include "model/box_codec.h"

#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>

#include <cmath>

#include "check.h"
#include "model/config.h"

using namespace mimdet;

namespace {
float at_place(const at::Tensor& boxes, int64_t i) { return boxes.flatten()[i].item<float>(); }
const at::Tensor kBox = at::tensor({10.f, 20.f, 30.f, 60.f}).view({1, 4});
}  // namespace

TEST("box codec: no delta leaves a box where it is") {
  const at::Tensor same = apply_deltas(at::zeros({1, 4}), kBox, fixed::kRpnBoxWeights);
  for (int64_t i = 0; i < 4; ++i) CHECK_EQUAL(at_place(same, i), at_place(kBox, i));
}

TEST("box codec: dx moves by widths, dw scales by its exponential, both divided by their weight") {
  const at::Tensor moved = apply_deltas(at::tensor({10.f, 0.f, 5.f * std::log(2.f), 0.f}).view({1, 4}), kBox, fixed::kRoiBoxWeights);
  CHECK(std::abs(at_place(moved, 0) - 20) < 1e-4);  // centre 20 + 20, width 40
  CHECK(std::abs(at_place(moved, 2) - 60) < 1e-4);
  CHECK(std::abs(at_place(moved, 1) - 20) < 1e-4);
}

TEST("box codec: growth is clamped") {
  const at::Tensor grown = apply_deltas(at::tensor({0.f, 0.f, 100.f, 0.f}).view({1, 4}), kBox, fixed::kRpnBoxWeights);
  CHECK(std::abs(at_place(grown, 2) - at_place(grown, 0) - 20 * 1000.0 / 16) < 1e-2);
}

TEST("box codec: boxes are clipped to the picture, and those without area are told") {
  const at::Tensor clipped = clip_boxes(at::tensor({-5.f, 3.f, 50.f, 90.f, 70.f, 1.f, 80.f, 2.f}).view({2, 4}), {40, 60});
  CHECK_EQUAL(at_place(clipped, 0), 0.f);
  CHECK_EQUAL(at_place(clipped, 3), 40.f);
  CHECK_EQUAL(nonempty_boxes(clipped)[0].item<bool>(), true);
  CHECK_EQUAL(nonempty_boxes(clipped)[1].item<bool>(), false);
}

TEST("box codec: no boxes are no boxes, of however many classes") {
  const at::Tensor none = apply_deltas(at::zeros({0, 12}), at::zeros({0, 4}), fixed::kRoiBoxWeights);
  CHECK(none.sizes().vec() == (std::vector<int64_t>{0, 12}));
}
