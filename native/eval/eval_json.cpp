// EvalResult as the JSON that JavaScript gets. Its keys are part of the package's contract.
#include <set>

#include "base/json.h"
#include "eval/coco_eval.h"
#include "eval/mean_curves.h"

namespace mimdet {
namespace {

// A name that an earlier class has too gets its id behind it.
std::vector<std::string> distinct_names(const std::vector<CategoryAp>& categories) {
  std::vector<std::string> all;
  std::set<std::string> names;
  for (const CategoryAp& category : categories) {
    std::string name = category.name;
    if (!names.insert(name).second) names.insert(name += " (" + std::to_string(category.id) + ")");
    all.push_back(std::move(name));
  }
  return all;
}

Json per_category(const std::vector<CategoryAp>& categories) {
  const std::vector<std::string> names = distinct_names(categories);
  Json::Object members;
  for (size_t k = 0; k < categories.size(); ++k) members.emplace_back(names[k], categories[k].ap);
  return members;
}

Json to_array(const Precisions& values) { return Json::Array(values.begin(), values.end()); }

Json to_object(const CategoryDetail& detail) {
  const auto& [score, precision, recall, f1] = detail.best;
  return Json::Object{{"objects", static_cast<int64_t>(detail.objects)},
                      {"AP50", detail.ap50},
                      {"AP75", detail.ap75},
                      {"AR", detail.recall},
                      {"best", Json::Object{{"score", score}, {"precision", precision}, {"recall", recall}, {"f1", f1}}}};
}

Json to_object(const MeanCurves& curves, const std::vector<std::string>& names) {
  Json::Object details;
  for (size_t k = 0; k < names.size(); ++k) details.emplace_back(names[k], to_object(curves.per_category[k]));
  return Json::Object{{"recall", to_array(coco::kRecallThresholds)},
                      {"AP50", to_array(curves.iou50)},
                      {"AP75", to_array(curves.iou75)},
                      {"AP", to_array(curves.mean)},
                      {"perCategory", std::move(details)}};
}

Json to_object(const IouTypeResult& result, const std::array<int64_t, 3>& max_dets) {
  const auto ar = [&](size_t m) { return "AR" + std::to_string(max_dets[m]); };
  const std::array<std::string, 12> keys{"AP",  "AP50", "AP75", "APs", "APm", "APl", ar(0), ar(1), ar(2), "ARs", "ARm", "ARl"};
  Json::Object members;
  std::set<std::string> written;  // max_dets may name a number twice
  for (size_t i = 0; i < keys.size(); ++i)
    if (written.insert(keys[i]).second) members.emplace_back(keys[i], result.stats[i]);
  members.emplace_back("perCategory", per_category(result.per_category));
  if (result.curves) members.emplace_back("curves", to_object(*result.curves, distinct_names(result.per_category)));
  return members;
}

Json to_object(const PictureVerdict& verdict) {
  Json::Array extra;
  for (const uint32_t place : verdict.extra) extra.emplace_back(static_cast<int64_t>(place));
  return Json::Object{{"imageId", verdict.picture_id},
                      {"quality", verdict.quality},
                      {"hits", static_cast<int64_t>(verdict.hits)},
                      {"missed", Json::Array(verdict.missed.begin(), verdict.missed.end())},
                      {"extra", std::move(extra)}};
}

Json to_object(const Confusion& confusion, const std::vector<std::string>& names) {
  Json::Array counts, pictures;
  for (const auto& [truth, found, count] : confusion.cells)
    counts.push_back(Json::Array{static_cast<int64_t>(truth), static_cast<int64_t>(found), static_cast<int64_t>(count)});
  for (const PictureVerdict& verdict : confusion.pictures) pictures.push_back(to_object(verdict));
  return Json::Object{{"iouType", confusion.options.type == IouType::kBbox ? "bbox" : "segm"},
                      {"iou", confusion.options.iou},
                      {"scoreThreshold", confusion.options.score_threshold},
                      {"classes", Json::Array(names.begin(), names.end())},
                      {"counts", std::move(counts)},
                      {"pictures", std::move(pictures)}};
}

}  // namespace

std::string to_json(const EvalResult& result) {
  Json::Object members;
  if (result.bbox) members.emplace_back("bbox", to_object(*result.bbox, result.max_dets));
  if (result.segm) members.emplace_back("segm", to_object(*result.segm, result.max_dets));
  const auto& any = result.bbox ? result.bbox : result.segm;
  if (result.confusion && any) members.emplace_back("confusion", to_object(*result.confusion, distinct_names(any->per_category)));
  return Json(std::move(members)).dump();
}

}  // namespace mimdet
