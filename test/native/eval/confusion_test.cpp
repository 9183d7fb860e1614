// Which class is taken for which, verdicts on single pictures, and curves of precision: by hand, and against the reference's data.
#include "eval/confusion.h"

#include <cmath>
#include <thread>

#include "base/json.h"
#include "check.h"
#include "eval/coco_eval.h"
#include "eval/coco_json.h"
#include "eval/mean_curves.h"

using namespace mimdet;
using mimdet::test::golden;
using mimdet::test::read_file;

namespace {

std::string box(double x) { return "[" + std::to_string(x) + ",0,10,10]"; }

std::string annotation(int id, int picture, int category, double x, bool crowd = false) {
  return R"({"id":)" + std::to_string(id) + R"(,"image_id":)" + std::to_string(picture) + R"(,"category_id":)" + std::to_string(category) +
         R"(,"iscrowd":)" + (crowd ? "1" : "0") + R"(,"bbox":)" + box(x) + "}";
}

std::string result(int picture, int category, double x, double score) {
  return R"({"image_id":)" + std::to_string(picture) + R"(,"category_id":)" + std::to_string(category) + R"(,"score":)" +
         std::to_string(score) + R"(,"bbox":)" + box(x) + "}";
}

Confusion run(const std::string& annotations, const std::string& results, ConfusionOptions options = {}) {
  const std::string truth = R"({"images":[{"id":8,"height":100,"width":200},{"id":2,"height":100,"width":200}],)"
                            R"("categories":[{"id":9,"name":"seed"},{"id":3,"name":"cell"}],"annotations":[)" + annotations + "]}";
  EvalOptions all;
  all.iou_types = {IouType::kBbox};
  all.confusion = options;
  return *evaluate(parse_coco_dataset(truth), parse_coco_results("[" + results + "]"), all).confusion;
}

uint64_t count(const Confusion& confusion, size_t truth, size_t found) {
  for (const ConfusionCell& cell : confusion.cells)
    if (cell.truth == truth && cell.found == found) return cell.count;
  return 0;
}

constexpr size_t kCell = 0, kSeed = 1, kBackground = 2;

// The four IoUs and eleven recalls apart, what golden data were made from is read whole.
EvalResult golden_run(const std::string& name, bool arrays) {
  EvalOptions options;
  options.iou_types = {IouType::kBbox};
  options.keep_arrays = arrays;
  options.curves = true;
  options.confusion = ConfusionOptions{};
  return evaluate(parse_coco_dataset(read_file(golden(name) + "/gt.json")), parse_coco_results(read_file(golden(name) + "/dt.json")), options);
}

}  // namespace

TEST("confusion: hits, another class, misses and what lies on nothing") {
  const Confusion confusion = run(annotation(1, 8, 3, 0) + "," + annotation(2, 8, 9, 50) + "," + annotation(3, 2, 3, 0),
                                  result(8, 3, 1, 0.9) + "," + result(8, 3, 50, 0.8) + "," + result(8, 9, 120, 0.7));
  CHECK_EQUAL(count(confusion, kCell, kCell), 1u);
  CHECK_EQUAL(count(confusion, kSeed, kCell), 1u);
  CHECK_EQUAL(count(confusion, kBackground, kSeed), 1u);
  CHECK_EQUAL(count(confusion, kCell, kBackground), 1u);
  CHECK_EQUAL(confusion.cells.size(), 4u);
  CHECK_EQUAL(confusion.pictures[0].picture_id, 2);
  CHECK_EQUAL(confusion.pictures[0].quality, 0.0);
  const PictureVerdict& verdict = confusion.pictures[1];
  CHECK_EQUAL(verdict.hits, 1u);
  CHECK(verdict.missed == std::vector<int64_t>{2});
  CHECK((verdict.extra == std::vector<uint32_t>{1, 2}));
  CHECK(std::abs(verdict.quality - (90.0 / 110) / (1 + 1.5)) < 1e-9);
}

TEST("confusion: a second result on one object lies on nothing; the better score has it") {
  const Confusion confusion = run(annotation(1, 8, 3, 0), result(8, 9, 0, 0.6) + "," + result(8, 3, 1, 0.9));
  CHECK_EQUAL(count(confusion, kCell, kCell), 1u);
  CHECK_EQUAL(count(confusion, kBackground, kSeed), 1u);
}

TEST("confusion: of two equal objects a result takes that of its own class") {
  const Confusion confusion = run(annotation(1, 8, 9, 0) + "," + annotation(2, 8, 3, 0) + "," + annotation(3, 8, 9, 0),
                                  result(8, 3, 0, 0.9));
  CHECK_EQUAL(count(confusion, kCell, kCell), 1u);
  CHECK_EQUAL(count(confusion, kSeed, kBackground), 2u);
}

TEST("confusion: crowds are no objects, and what lies on them counts for nothing") {
  const Confusion confusion = run(annotation(1, 8, 3, 0, true), result(8, 3, 0, 0.9) + "," + result(8, 9, 0, 0.8));
  CHECK(confusion.cells.empty());
  CHECK_EQUAL(confusion.pictures[1].quality, -1.0);
}

TEST("confusion: scores below the threshold and lesser IoUs count for nothing") {
  const std::string truth = annotation(1, 8, 3, 0), found = result(8, 3, 2, 0.4);
  CHECK_EQUAL(count(run(truth, found), kCell, kBackground), 1u);
  CHECK_EQUAL(count(run(truth, found, {IouType::kBbox, 0.5, 0.4}), kCell, kCell), 1u);
  CHECK_EQUAL(count(run(truth, found, {IouType::kBbox, 0.7, 0.4}), kCell, kCell), 0u);
}

TEST("confusion: options out of range are named") {
  CHECK_FAILS(run("", "", {IouType::kBbox, 0.4, 0.5}), ErrorCode::kInvalidArgument, "confusion.iou");
  CHECK_FAILS(run("", "", {IouType::kBbox, 0.5, 1.5}), ErrorCode::kInvalidArgument, "confusion.scoreThreshold");
}

TEST("confusion: every object that is no crowd is counted once") {
  for (const char* name : {"coco-eval/crowd", "coco-eval/more/dense", "coco-eval/more/many"}) {
    if (golden(name).empty()) return mimdet::test::report_skip("no reference data in golden/coco-eval");
    const Confusion confusion = *golden_run(name, false).confusion;
    uint64_t counted = 0, objects = 0;
    const size_t background = parse_coco_dataset(read_file(golden(name) + "/gt.json")).categories.size();
    for (const ConfusionCell& cell : confusion.cells)
      if (cell.truth != background) counted += cell.count;
    for (const CocoObject& object : parse_coco_dataset(read_file(golden(name) + "/gt.json")).annotations) objects += !object.crowd;
    CHECK_EQUAL(counted, objects);
  }
}

TEST("mean_curves: means of the curves are the APs of the summary") {
  for (const char* name : {"coco-eval/plain", "coco-eval/missing_class", "coco-eval/more/dense"}) {
    if (golden(name).empty()) return mimdet::test::report_skip("no reference data in golden/coco-eval");
    const IouTypeResult result = *golden_run(name, false).bbox;
    const Precisions* curves[] = {&result.curves->mean, &result.curves->iou50, &result.curves->iou75};
    for (size_t i = 0; i < 3; ++i) {
      double sum = 0;
      for (const double value : *curves[i]) sum += value;
      CHECK(std::abs(sum / coco::kRecalls - result.stats[i]) < 1e-12);
    }
  }
}

TEST("mean_curves: one class's details come from the arrays") {
  if (golden("coco-eval/missing_class").empty()) return mimdet::test::report_skip("no reference data in golden/coco-eval");
  const IouTypeResult result = *golden_run("coco-eval/missing_class", true).bbox;
  const size_t classes = result.per_category.size(), stride = classes * coco::kAreas * coco::kMaxDets;
  for (size_t k = 0; k < classes; ++k) {
    const CategoryDetail& detail = result.curves->per_category[k];
    double sum = 0, best = 0;
    for (size_t r = 0; r < coco::kRecalls; ++r) {
      const double precision = result.arrays.precision[r * stride + k * coco::kAreas * coco::kMaxDets + coco::kMaxDets - 1];
      sum += precision;
      const double recall = coco::kRecallThresholds[r];
      if (r > 0) best = std::max(best, 2 * precision * recall / (precision + recall));
    }
    CHECK(std::abs(detail.ap50 - sum / coco::kRecalls) < 1e-12);
    CHECK_EQUAL(detail.best.f1, detail.objects == 0 ? 0 : best);
  }
}

TEST("mean_curves: nothing to find gives -1") {
  if (golden("coco-eval/more/no_objects").empty()) return mimdet::test::report_skip("no reference data in golden/coco-eval");
  const EvalResult result = golden_run("coco-eval/more/no_objects", false);
  CHECK_EQUAL(result.bbox->curves->iou50[0], -1.0);
  CHECK(Json::parse(to_json(result)).at("confusion").at("counts").is_array());
}
