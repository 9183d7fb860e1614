// EvalResult as the JSON that JavaScript gets. Its keys are part of the package's contract.
#include <set>

#include "base/json.h"
#include "eval/coco_eval.h"

namespace mimdet {
namespace {

Json per_category(const std::vector<CategoryAp>& categories) {
  Json::Object members;
  std::set<std::string> names;
  for (const CategoryAp& category : categories) {
    std::string name = category.name;
    if (!names.insert(name).second) names.insert(name += " (" + std::to_string(category.id) + ")");
    members.emplace_back(name, category.ap);
  }
  return members;
}

Json to_object(const IouTypeResult& result, const std::array<int64_t, 3>& max_dets) {
  const auto ar = [&](size_t m) { return "AR" + std::to_string(max_dets[m]); };
  const std::array<std::string, 12> keys{"AP",  "AP50", "AP75", "APs", "APm", "APl", ar(0), ar(1), ar(2), "ARs", "ARm", "ARl"};
  Json::Object members;
  std::set<std::string> written;  // max_dets may name a number twice
  for (size_t i = 0; i < keys.size(); ++i)
    if (written.insert(keys[i]).second) members.emplace_back(keys[i], result.stats[i]);
  members.emplace_back("perCategory", per_category(result.per_category));
  return members;
}

}  // namespace

std::string to_json(const EvalResult& result) {
  Json::Object members;
  if (result.bbox) members.emplace_back("bbox", to_object(*result.bbox, result.max_dets));
  if (result.segm) members.emplace_back("segm", to_object(*result.segm, result.max_dets));
  return Json(std::move(members)).dump();
}

}  // namespace mimdet
