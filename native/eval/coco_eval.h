// COCO's evaluation of boxes and masks, equal to pycocotools 2.0 bit for bit: the map of eval/.
// Before it: coco_json. After it: addon/evaluate_wrap, which hands to_json() to JavaScript.
//
// One difference, wanted: pycocotools takes a match with an annotation of id 0 for no match; here ids are only names.
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/cancel.h"
#include "eval/coco_dataset.h"
#include "eval/confusion.h"

namespace mimdet {

struct EvalOptions {
  std::vector<IouType> iou_types{IouType::kBbox, IouType::kSegm};
  /// Results that count of each class in each picture. AR is given at each; everything else is at the last.
  std::array<int64_t, 3> max_dets{1, 10, 100};
  int64_t threads = 0;       // 0: as many as there are cores
  bool keep_arrays = false;  // also fill EvalArrays
  CancelFlag cancel;
  bool curves = false;  // also give MeanCurves
  std::optional<ConfusionOptions> confusion;  // also give Confusion
};

struct CategoryAp {
  int64_t id;
  std::string name;
  double ap;  // -1 where the class has no object
};

/// In C order, -1 where a class has no object that counts. T thresholds, R recalls, K classes, A areas, M max_dets.
struct EvalArrays {
  std::vector<double> precision;  // (T, R, K, A, M)
  std::vector<double> recall;     // (T, K, A, M)
  std::vector<double> scores;     // (T, R, K, A, M)
};

struct MeanCurves;

struct IouTypeResult {
  std::array<double, 12> stats;  // AP AP50 AP75 APs APm APl AR@0 AR@1 AR@2 ARs ARm ARl; -1 where there is nothing to average
  std::vector<CategoryAp> per_category;  // by rising id
  EvalArrays arrays;
  std::shared_ptr<const MeanCurves> curves;  // null unless asked for
};

struct EvalResult {
  std::array<int64_t, 3> max_dets;
  std::optional<IouTypeResult> bbox, segm;
  std::optional<Confusion> confusion;
};

/// Throws kInvalidArgument for options out of range, kDataset for a result of an unknown picture, a missing box or a faulty mask
/// (named by annotation id or place in the results), Cancelled soon after the flag is raised.
EvalResult evaluate(const CocoDataset& dataset, const CocoResults& results, const EvalOptions& options = {});

/// The object that `evaluate()` returns in JavaScript: { bbox: { AP, AP50, …, AR1, AR10, AR100, …, perCategory: { name: AP } }, segm: … }.
/// Where they were asked for, each has `curves` too, and beside them stands `confusion`: see lib/evaluator.ts.
/// The numbers in AR's keys are `max_dets`. A name that an earlier class has too gets its id behind it: "cell (7)".
std::string to_json(const EvalResult& result);

}  // namespace mimdet
