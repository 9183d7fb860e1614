// From curves to the well-known numbers. Before it: precision_curve. After it: coco_eval.
#pragma once

#include <array>
#include <vector>

#include "eval/coco_eval.h"
#include "eval/precision_curve.h"

namespace mimdet {

using CategoryCurves = std::array<AreaCurves, coco::kAreas>;

/// The twelve numbers, in IouTypeResult's order. Means are numpy's: summed by pairs over the valid entries in C order.
std::array<double, 12> summarize(const std::vector<CategoryCurves>& curves);  // (K)

/// AP of one class over all areas at the last of max_dets; -1 where it has no object.
double category_ap(const CategoryCurves& curves);

/// The whole arrays, where all curves were kept.
EvalArrays to_arrays(const std::vector<CategoryCurves>& curves);

}  // namespace mimdet
