// The arithmetic of the CUDA kernels of mask pasting, on the host's grid, against the CPU's paster: the same runs, bit for bit.
#include "ops/cuda/paste_masks_kernel.h"

#include <cmath>
#include <numeric>
#include <random>

#include "check.h"
#include "ops/host_grid.h"
#include "ops/mask_paster.h"
#include "ops/mask_changes.h"

using namespace mimdet;

namespace {

std::vector<float> random_floats(int64_t count, float low, float high, unsigned seed) {
  std::mt19937 random(seed);
  std::vector<float> floats(count);
  for (float& value : floats) value = low + (high - low) * static_cast<float>(random() >> 8) * 0x1p-24f;
  return floats;
}

// The steps of paste_masks in ops/cuda/plugin.cpp.
std::vector<RleMask> paste_on_grid(const std::vector<float>& masks, const std::vector<float>& boxes, int64_t cells, SizeHw size) {
  const int64_t count = static_cast<int64_t>(boxes.size()) / 4;
  const cuda::PasteMasks paste{masks.data(), boxes.data(), cells, size.height, size.width};
  std::vector<int64_t> counts(count * size.width), behind(counts.size());
  test::run_grid(cuda::CountChanges{paste, counts.data()}, static_cast<int64_t>(counts.size()));
  std::partial_sum(counts.begin(), counts.end(), behind.begin());
  std::vector<int64_t> places(behind.empty() ? 0 : behind.back(), -1);
  test::run_grid(cuda::WriteChanges{paste, counts.data(), behind.data(), places.data()}, static_cast<int64_t>(counts.size()));
  std::vector<RleMask> pasted;
  for (int64_t i = 0; i < count; ++i) {
    const int64_t first = i == 0 ? 0 : behind[i * size.width - 1];
    pasted.push_back(mask_from_changes(size, {places.data() + first, static_cast<size_t>(behind[(i + 1) * size.width - 1] - first)}));
  }
  return pasted;
}

void check_same_runs(const std::vector<float>& masks, const std::vector<float>& boxes, int64_t cells, SizeHw size) {
  const std::vector<RleMask> pasted = paste_on_grid(masks, boxes, cells, size);
  MaskPaster paster(cells, size);
  for (size_t i = 0; i < pasted.size(); ++i)
    CHECK(pasted[i] == paster.paste(masks.data() + i * cells * cells, boxes.data() + i * 4));
}

std::vector<float> boxes_around(int64_t count, float extent, unsigned seed) {
  std::vector<float> boxes = random_floats(count * 4, -0.3f * extent, extent, seed);
  for (int64_t i = 0; i < count * 4; i += 4)
    for (int64_t axis : {0, 1})
      if (boxes[i + axis] > boxes[i + axis + 2]) std::swap(boxes[i + axis], boxes[i + axis + 2]);
  return boxes;
}

}  // namespace

TEST("cuda paste_masks: the runs of the CPU's paster, boxes inside, across the border, and beside the picture") {
  for (const SizeHw size : {SizeHw{90, 130}, SizeHw{7, 300}, SizeHw{1, 1}})
    for (const int64_t cells : {1, 2, 14, 28}) {
      const std::vector<float> masks = random_floats(40 * cells * cells, 0, 1, static_cast<unsigned>(cells));
      check_same_runs(masks, boxes_around(40, 200, 3), cells, size);
      check_same_runs(std::vector<float>(masks.size(), 1.0f), boxes_around(40, 200, 4), cells, size);  // the border decides
    }
}

TEST("cuda paste_masks: whole pictures, single pixels, boxes at whole pixels") {
  const std::vector<float> ones(16, 1.0f);
  for (const std::vector<float>& box : {std::vector<float>{0, 0, 6, 5}, {-9, -9, 60, 50}, {2, 3, 3, 4}, {5, 0, 6, 5}, {0, 4, 6, 5}})
    check_same_runs(ones, box, 4, {5, 6});
}

TEST("cuda paste_masks: a box of no area or of no number is an empty mask, and no mask is no result") {
  const std::vector<float> ones(4, 1.0f);
  for (const std::vector<float>& box : {std::vector<float>{3, 3, 3, 3}, {4, 1, 2, 3}, {NAN, 0, 5, 5}, {0, 0, INFINITY, 5}})
    check_same_runs(ones, box, 2, {5, 6});
  CHECK(paste_on_grid({}, {}, 2, {5, 6}).empty());
}
