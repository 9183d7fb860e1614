// NMS on the CPU: greedy, in falling order of score. Compiled without fused multiply-add, so that areas and overlaps round as
// torchvision's.
#include <ATen/TensorOperators.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/sort.h>

#include <cmath>
#include <limits>
#include <vector>

#include "base/cpu_clones.h"
#include "ops/kernels.h"

namespace mimdet::cpu {
namespace {

/// Boxes in falling order of score, one array a coordinate.
template <class T>
struct SortedBoxes {
  const T *x1, *y1, *x2, *y2;
  const T* area;
};

// Marks the boxes after `i` that overlap it too much. No branches, so that the compiler can take several boxes at once.
template <class T>
MIMDET_ALWAYS_INLINE void suppress_after(const SortedBoxes<T>& boxes, int64_t i, int64_t count, T threshold, int32_t* gone) {
  const T x1 = boxes.x1[i], y1 = boxes.y1[i], x2 = boxes.x2[i], y2 = boxes.y2[i], area = boxes.area[i];
  for (int64_t j = i + 1; j < count; ++j) {
    const T left = x1 < boxes.x1[j] ? boxes.x1[j] : x1, top = y1 < boxes.y1[j] ? boxes.y1[j] : y1;
    const T right = boxes.x2[j] < x2 ? boxes.x2[j] : x2, bottom = boxes.y2[j] < y2 ? boxes.y2[j] : y2;
    const T width = right - left > 0 ? right - left : 0, height = bottom - top > 0 ? bottom - top : 0;
    const T shared = width * height;
    gone[j] |= shared / (area + boxes.area[j] - shared) > threshold;
  }
}

MIMDET_CPU_CLONES void suppress(const SortedBoxes<float>& boxes, int64_t i, int64_t count, float threshold, int32_t* gone) {
  suppress_after(boxes, i, count, threshold, gone);
}

MIMDET_CPU_CLONES void suppress(const SortedBoxes<double>& boxes, int64_t i, int64_t count, double threshold, int32_t* gone) {
  suppress_after(boxes, i, count, threshold, gone);
}

// A float is greater than a double exactly when it is greater than the largest float that is not above it.
template <class T>
T round_down(double threshold) {
  const T rounded = static_cast<T>(threshold);
  return static_cast<double>(rounded) > threshold ? std::nextafter(rounded, -std::numeric_limits<T>::infinity()) : rounded;
}

template <class T>
at::Tensor nms_of(const at::Tensor& boxes, const at::Tensor& order, double iou_threshold) {
  const int64_t count = order.numel();
  const at::Tensor columns = boxes.index_select(0, order).t().contiguous();  // (4, R)
  const at::Tensor areas = (columns[2] - columns[0]) * (columns[3] - columns[1]);
  const T* x1 = columns.data_ptr<T>();
  const SortedBoxes<T> sorted{x1, x1 + count, x1 + 2 * count, x1 + 3 * count, areas.data_ptr<T>()};
  const T threshold = round_down<T>(iou_threshold);
  std::vector<int32_t> gone(count, 0);
  at::Tensor kept = at::empty({count}, order.options());
  int64_t kept_count = 0;
  for (int64_t i = 0; i < count; ++i) {
    if (gone[i]) continue;
    kept.data_ptr<int64_t>()[kept_count++] = order.data_ptr<int64_t>()[i];
    suppress(sorted, i, count, threshold, gone.data());
  }
  return kept.narrow(0, 0, kept_count);
}

}  // namespace

at::Tensor nms(const at::Tensor& boxes_xyxy, const at::Tensor& scores, double iou_threshold) {
  const at::Tensor order = std::get<1>(at::sort(scores, /*stable=*/true, /*dim=*/0, /*descending=*/true));
  return boxes_xyxy.scalar_type() == at::kFloat ? nms_of<float>(boxes_xyxy, order, iou_threshold)
                                                : nms_of<double>(boxes_xyxy, order, iou_threshold);
}

}  // namespace mimdet::cpu
