#include "eval/coco_eval.h"

#include <algorithm>

#include "base/error.h"
#include "eval/matcher.h"
#include "eval/mean_curves.h"
#include "eval/object_groups.h"
#include "eval/summary.h"
#include "eval/work_units.h"

namespace mimdet {
namespace {

constexpr size_t kGroupsInUnit = 32;      // a group may be a microsecond's work
constexpr size_t kMaxCategories = 20000;  // each may take 40 kB; the largest data sets have some 13,000

void check_options(const EvalOptions& options) {
  for (const int64_t count : options.max_dets)
    if (count < 1) fail_expected(ErrorCode::kInvalidArgument, "numbers of at least 1", "maxDets", std::to_string(count));
  if (options.threads < 0)
    fail_expected(ErrorCode::kInvalidArgument, "0 or more", "threads", std::to_string(options.threads));
}

// All groups' results in one list; those of group g are at [first[g], first[g + 1]).
struct Matches {
  std::vector<size_t> first;
  std::vector<MatchedResult> results;
  std::vector<ObjectCounts> counts;  // of each group
};

Matches make_room(const ObjectGroups& groups, int64_t most) {
  Matches matches;
  matches.first.push_back(0);
  for (const ObjectGroup& group : groups.groups)
    matches.first.push_back(matches.first.back() + std::min<uint64_t>(group.results.size(), most));
  matches.results.resize(matches.first.back());
  matches.counts.resize(groups.groups.size());
  return matches;
}

template <class Shape>
Matches match_all(const CocoDataset& dataset, const CocoResults& results, const ObjectGroups& groups, const EvalOptions& options) {
  Matches matches = make_room(groups, *std::max_element(options.max_dets.begin(), options.max_dets.end()));
  const size_t count = groups.groups.size();
  for_each_unit((count + kGroupsInUnit - 1) / kGroupsInUnit, options.threads, options.cancel, [&](size_t unit) {
    for (size_t g = unit * kGroupsInUnit; g < std::min((unit + 1) * kGroupsInUnit, count); ++g) {
      const std::span out = std::span(matches.results).subspan(matches.first[g], matches.first[g + 1] - matches.first[g]);
      matches.counts[g] = match_group<Shape>(dataset, results, groups.groups[g], out, options.cancel);
    }
  });
  return matches;
}

std::vector<CategoryCurves> curves_of_all(const ObjectGroups& groups, Matches& matches, const EvalOptions& options) {
  std::vector<CategoryCurves> all(groups.categories.size());
  for_each_unit(all.size(), options.threads, options.cancel, [&](size_t k) {
    const auto [begin, end] = std::pair(groups.first_group[k], groups.first_group[k + 1]);
    const std::span results = std::span(matches.results).subspan(matches.first[begin], matches.first[end] - matches.first[begin]);
    std::stable_sort(results.begin(), results.end(), [](const MatchedResult& a, const MatchedResult& b) { return a.score > b.score; });
    for (size_t a = 0; a < coco::kAreas; ++a) {
      uint64_t objects = 0;
      for (size_t g = begin; g < end; ++g) objects += matches.counts[g][a];
      all[k][a] = area_curves(results, a, objects, options.max_dets, options.keep_arrays);
    }
  });
  return all;
}

template <class Shape>
IouTypeResult evaluate_type(const CocoDataset& dataset, const CocoResults& results, const ObjectGroups& groups, const EvalOptions& options) {
  Matches matches = match_all<Shape>(dataset, results, groups, options);
  const std::vector<CategoryCurves> curves = curves_of_all(groups, matches, options);
  IouTypeResult result{summarize(curves), {}, {}, {}};
  for (size_t k = 0; k < curves.size(); ++k)
    result.per_category.push_back({groups.categories[k]->id, groups.categories[k]->name, category_ap(curves[k])});
  if (options.keep_arrays) result.arrays = to_arrays(curves);
  if (options.curves) result.curves = std::make_shared<MeanCurves>(mean_curves(curves));
  return result;
}

}  // namespace

EvalResult evaluate(const CocoDataset& dataset, const CocoResults& results, const EvalOptions& options) {
  check_options(options);
  const ObjectGroups groups = group_objects(dataset, results);
  if (groups.categories.size() > kMaxCategories)
    fail_expected(ErrorCode::kDataset, "at most " + std::to_string(kMaxCategories) + " classes", "categories",
                  std::to_string(groups.categories.size()));
  EvalResult result{options.max_dets, {}, {}, {}};
  for (const IouType type : options.iou_types) {
    if (type == IouType::kBbox) result.bbox = evaluate_type<BoxShape>(dataset, results, groups, options);
    if (type == IouType::kSegm) result.segm = evaluate_type<MaskShape>(dataset, results, groups, options);
  }
  if (options.confusion) result.confusion = confusion_of(dataset, results, *options.confusion, options.threads, options.cancel);
  return result;
}

}  // namespace mimdet
