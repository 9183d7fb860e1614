// The evaluation's own behaviour: faulty documents, rules for what is missing, options, the JSON that comes out.
#include "eval/coco_eval.h"

#include <thread>

#include "base/json.h"
#include "check.h"
#include "eval/coco_json.h"

using namespace mimdet;

namespace {

constexpr const char* kPictures = R"("images":[{"id":1,"height":4,"width":5}])";
constexpr const char* kCategories = R"("categories":[{"id":3,"name":"cell"},{"id":9,"name":"seed"}])";
constexpr const char* kGoodAnnotation =
    R"({"id":17,"image_id":1,"category_id":3,"area":4,"bbox":[1,1,2,2],"iscrowd":0,"segmentation":{"size":[4,5],"counts":[5,2,2,2,9]}})";
constexpr const char* kGoodResult =
    R"({"image_id":1,"category_id":3,"score":0.9,"bbox":[1,1,2,2],"segmentation":{"size":[4,5],"counts":"52207"}})";

std::string data_set(const std::string& annotations) {
  return std::string("{") + kPictures + "," + kCategories + ",\"annotations\":[" + annotations + "]}";
}

EvalResult run(const std::string& ground_truth, const std::string& results, const EvalOptions& options = {}) {
  return evaluate(parse_coco_dataset(ground_truth), parse_coco_results(results), options);
}

std::string replaced(std::string text, const std::string& what, const std::string& by) {
  const size_t at = text.find(what);
  if (at == std::string::npos) fail(ErrorCode::kInternal, "the test's text has no " + what);
  return text.replace(at, what.size(), by);
}

// Precision is tp / (tp + fp + 2e-16), so a perfect AP is not quite 1.
bool is_one(double value) { return value <= 1 && value > 1 - 1e-12; }

void check_bad_annotation(const std::string& what, const std::string& by, const std::string& part) {
  CHECK_FAILS(run(data_set(replaced(kGoodAnnotation, what, by)), std::string("[") + kGoodResult + "]"), ErrorCode::kDataset, part);
}

void check_bad_result(const std::string& what, const std::string& by, const std::string& part) {
  const std::string result = replaced(kGoodResult, what, by);
  CHECK_FAILS(run(data_set(kGoodAnnotation), "[" + std::string(kGoodResult) + "," + result + "]"), ErrorCode::kDataset, part);
}

}  // namespace

TEST("coco_eval: what is found exactly has AP 1") {
  const EvalResult result = run(data_set(kGoodAnnotation), std::string("[") + kGoodResult + "]");
  CHECK(is_one(result.bbox->stats[0]));
  CHECK(is_one(result.segm->stats[0]));
  CHECK_EQUAL(result.segm->per_category[1].ap, -1.0);
}

TEST("coco_eval: faulty annotations are named by their id") {
  check_bad_annotation(R"("bbox":[1,1,2,2])", R"("bbox":[1,1,2])", "annotations[0].bbox (annotation 17)");
  check_bad_annotation(R"("bbox":[1,1,2,2])", R"("bbox":[1,1,2,"2"])", "annotations[0].bbox (annotation 17)");
  check_bad_annotation(R"("bbox":[1,1,2,2])", R"("bbox":"all")", "received a string");
  check_bad_annotation(R"("area":4)", R"("area":null)", "annotations[0].area (annotation 17)");
  check_bad_annotation(R"("category_id":3)", R"("category_id":3.5)", "Expected an integer");
  check_bad_annotation(R"("image_id":1,)", "", "annotations[0].image_id (annotation 17)");
  check_bad_annotation(R"("id":17,)", "", "annotations[0].id");
  check_bad_annotation("[5,2,2,2,9]", "[5,2,2,2,8]", "annotation 17");
  check_bad_annotation("[5,2,2,2,9]", "[5,2,2,-2,13]", "annotation 17");
  check_bad_annotation("[5,2,2,2,9]", R"(["5","15"])", "annotation 17");
  check_bad_annotation("[5,2,2,2,9]", "\"~~~\"", "annotation 17");
  check_bad_annotation("[5,2,2,2,9]", "\"\"", "annotation 17");
  check_bad_annotation(R"("size":[4,5])", R"("size":[5,4])", "annotation 17");
  check_bad_annotation(R"("size":[4,5])", R"("size":[-4,-5])", "annotation 17");
  check_bad_annotation(R"({"size":[4,5],"counts":[5,2,2,2,9]})", "[[1,1]]", "annotation 17");
  check_bad_annotation(R"({"size":[4,5],"counts":[5,2,2,2,9]})", "[[1,1,2,2,3]]", "annotation 17");
  check_bad_annotation(R"({"size":[4,5],"counts":[5,2,2,2,9]})", "[[1,1,2,2,1e300,3]]", "annotation 17");
  check_bad_annotation(R"({"size":[4,5],"counts":[5,2,2,2,9]})", "[]", "annotation 17");
  check_bad_annotation(R"({"size":[4,5],"counts":[5,2,2,2,9]})", "[[]]", "annotation 17");
  check_bad_annotation(R"({"size":[4,5],"counts":[5,2,2,2,9]})", "7", "annotation 17");
}

TEST("coco_eval: faulty results are named by their place") {
  check_bad_result(R"("score":0.9)", R"("score":"0.9")", "detections[1].score");
  check_bad_result(R"("score":0.9,)", "", "detections[1].score");
  check_bad_result(R"("image_id":1)", R"("image_id":2)", "detections[1].image_id");
  check_bad_result("52207", "5220", "detections[1]");
  check_bad_result(R"("bbox":[1,1,2,2],"segmentation":{"size":[4,5],"counts":"52207"})", R"("bbox":[])", "detections[1].bbox");
}

TEST("coco_eval: documents that are no COCO are refused") {
  for (const char* text : {"", "[]", "{}", "null", "{\"images\":1,\"annotations\":[],\"categories\":[]}", "{\"images\":[]}", "{\"images\":[7]}"})
    CHECK_FAILS(parse_coco_dataset(text), ErrorCode::kDataset, "Expected");
  for (const char* text : {"", "{}", "[1]", "[[]]", "[{}]", "nonsense", "[{\"image_id\":1}"})
    CHECK_FAILS(parse_coco_results(text), ErrorCode::kDataset, "Expected");
}

TEST("coco_eval: an id that is given twice is refused") {
  const std::string twice = std::string(kGoodAnnotation) + "," + kGoodAnnotation;
  CHECK_FAILS(parse_coco_dataset(data_set(twice)), ErrorCode::kDataset, "17 twice");
}

TEST("coco_eval: of a repeated key the last counts") {
  const std::string annotation = replaced(kGoodAnnotation, R"("bbox":[1,1,2,2])", R"("bbox":[0,0,9,9],"bbox":[1,1,2,2])");
  CHECK(is_one(run(data_set(annotation), std::string("[") + kGoodResult + "]", {{IouType::kBbox}}).bbox->stats[0]));
}

TEST("coco_eval: boxes come from masks and masks from boxes where a result has only one") {
  const std::string mask_only = replaced(kGoodResult, R"("bbox":[1,1,2,2],)", "");
  CHECK(is_one(run(data_set(kGoodAnnotation), "[" + mask_only + "]").bbox->stats[0]));
  const std::string box_only = replaced(kGoodResult, R"(,"segmentation":{"size":[4,5],"counts":"52207"})", "");
  CHECK(is_one(run(data_set(kGoodAnnotation), "[" + box_only + "]").segm->stats[0]));
}

TEST("coco_eval: an annotation without area has that of its mask, without crowd flag it is none") {
  const std::string bare = replaced(replaced(kGoodAnnotation, R"("area":4,)", ""), R"("iscrowd":0,)", "");
  const EvalResult result = run(data_set(bare), std::string("[") + kGoodResult + "]", {{IouType::kBbox}});
  CHECK(is_one(result.bbox->stats[3]));   // small
  CHECK_EQUAL(result.bbox->stats[5], -1.0);  // large
}

TEST("coco_eval: masks need the pictures' sizes, boxes do not") {
  const std::string sizeless = replaced(data_set(kGoodAnnotation), R"(,"height":4,"width":5)", "");
  const std::string results = std::string("[") + kGoodResult + "]";
  CHECK(is_one(run(sizeless, results, {{IouType::kBbox}}).bbox->stats[0]));
  CHECK_FAILS(run(sizeless, results, {{IouType::kSegm}}), ErrorCode::kDataset, "annotation 17");
}

TEST("coco_eval: results beyond max_dets do not count") {
  const std::string miss = replaced(kGoodResult, "[1,1,2,2]", "[4,3,1,1]"), hit = replaced(kGoodResult, "0.9", "0.5");
  const std::string results = "[" + hit + "," + miss + "]";
  EvalOptions options{{IouType::kBbox}, {1, 2, 2}, 1, false, {}};
  CHECK_EQUAL(run(data_set(kGoodAnnotation), results, options).bbox->stats[6], 0.0);
  CHECK(is_one(run(data_set(kGoodAnnotation), results, options).bbox->stats[7]));
}

TEST("coco_eval: options out of range are refused") {
  EvalOptions options{{IouType::kBbox}, {1, 0, 100}, 1, false, {}};
  CHECK_FAILS(run(data_set(""), "[]", options), ErrorCode::kInvalidArgument, "maxDets");
  options = {{IouType::kBbox}, {1, 10, 100}, -1, false, {}};
  CHECK_FAILS(run(data_set(""), "[]", options), ErrorCode::kInvalidArgument, "threads");
}

TEST("coco_eval: a raised flag ends the work") {
  EvalOptions options;
  options.cancel = make_cancel_flag();
  options.cancel->store(true);
  bool cancelled = false;
  try {
    run(data_set(kGoodAnnotation), std::string("[") + kGoodResult + "]", options);
  } catch (const Cancelled&) {
    cancelled = true;
  }
  CHECK(cancelled);
}

TEST("coco_eval: the JSON has the contract's keys, and AR's follow max_dets") {
  EvalOptions options{{IouType::kBbox}, {1, 10, 500}, 1, false, {}};
  const Json json = Json::parse(to_json(run(data_set(kGoodAnnotation), std::string("[") + kGoodResult + "]", options)));
  CHECK(json.find("segm") == nullptr);
  std::string keys;
  for (const auto& [key, value] : json.at("bbox").object()) keys += key + " ";
  CHECK_EQUAL(keys, "AP AP50 AP75 APs APm APl AR1 AR10 AR500 ARs ARm ARl perCategory ");
  CHECK(is_one(json.at("bbox").at("perCategory").at("cell").number()));
  CHECK_EQUAL(json.at("bbox").at("perCategory").at("seed").number(), -1.0);
  CHECK_EQUAL(json.at("bbox").at("APl").number(), -1.0);
}

TEST("coco_eval: classes of one name are told apart in the JSON") {
  const std::string ground_truth = replaced(data_set(kGoodAnnotation), "seed", "cell");
  const Json json = Json::parse(to_json(run(ground_truth, std::string("[") + kGoodResult + "]", {{IouType::kBbox}})));
  CHECK(is_one(json.at("bbox").at("perCategory").at("cell").number()));
  CHECK_EQUAL(json.at("bbox").at("perCategory").at("cell (9)").number(), -1.0);
}

TEST("coco_eval: a huge picture of stripes is refused, not drawn") {
  std::string ring;
  for (int i = 0; i < 400; ++i) ring += std::string(i ? "," : "") + (i % 2 ? "46000," : "0,") + std::to_string(i * 100);
  const std::string picture = R"("height":46000,"width":46000)";
  const std::string ground_truth = replaced(replaced(data_set(kGoodAnnotation), R"("height":4,"width":5)", picture),
                                            R"({"size":[4,5],"counts":[5,2,2,2,9]})", "[[" + ring + "]]");
  CHECK_FAILS(run(ground_truth, "[]", {{IouType::kSegm}}), ErrorCode::kDataset, "annotation 17");
}
