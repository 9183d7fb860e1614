#include "eval/confusion.h"

#include <algorithm>
#include <map>
#include <optional>
#include <unordered_map>

#include "base/error.h"
#include "eval/object_shape.h"
#include "eval/work_units.h"

namespace mimdet {
namespace {

constexpr size_t kMaxShapeBytes = size_t{1} << 30;  // of one picture's objects

using Cells = std::map<std::pair<size_t, size_t>, uint64_t>;

struct PictureObjects {
  const CocoPicture* picture;
  std::vector<const CocoObject*> annotations, results;  // in the order of the documents
};

// Names ids by their rank.
class Ranks {
 public:
  template <class Item>
  explicit Ranks(const std::vector<Item>& items) {
    std::vector<int64_t> ids;
    for (const Item& item : items) ids.push_back(item.id);
    std::sort(ids.begin(), ids.end());
    for (size_t i = 0; i < ids.size(); ++i) ranks_.emplace(ids[i], i);
  }
  std::optional<size_t> of(int64_t id) const {
    const auto found = ranks_.find(id);
    return found == ranks_.end() ? std::nullopt : std::optional(found->second);
  }
  size_t size() const { return ranks_.size(); }

 private:
  std::unordered_map<int64_t, size_t> ranks_;
};

std::vector<PictureObjects> by_picture(const CocoDataset& dataset, const CocoResults& results, const Ranks& categories) {
  const Ranks ranks(dataset.pictures);
  std::vector<PictureObjects> pictures(ranks.size());
  for (const CocoPicture& picture : dataset.pictures) pictures[*ranks.of(picture.id)].picture = &picture;
  for (const CocoObject& annotation : dataset.annotations)
    if (const auto rank = ranks.of(annotation.picture_id); rank && categories.of(annotation.category_id))
      pictures[*rank].annotations.push_back(&annotation);
  for (const CocoObject& result : results.objects)
    if (const auto rank = ranks.of(result.picture_id); rank) pictures[*rank].results.push_back(&result);
  return pictures;
}

template <class Shape>
struct Target {
  const CocoObject* annotation;
  Shape shape;
  bool taken = false;
};

template <class Shape>
class PictureJudge {
 public:
  PictureJudge(const PictureObjects& objects, const Ranks& categories, const ConfusionOptions& options)
      : objects_(objects), categories_(categories), options_(options), verdict_{objects.picture->id, -1, 0, {}, {}} {
    size_t bytes = 0;
    for (const CocoObject* annotation : objects.annotations) {
      targets_.push_back({annotation, Shape::read(*annotation, objects.picture->size, Origin::kGroundTruth)});
      bytes += targets_.back().shape.bytes();
      if (bytes > kMaxShapeBytes)
        fail_expected(ErrorCode::kDataset, "masks of one picture that fit a gigabyte", object_name(*annotation, Origin::kGroundTruth),
                      "more");
    }
  }

  PictureVerdict judge(const CancelFlag& cancel) {
    for (const uint32_t place : order()) {
      throw_if_cancelled(cancel);
      judge_result(*objects_.results[place], place);
    }
    for (const Target<Shape>& target : targets_)
      if (!target.taken && !target.annotation->crowd) miss(target, categories_.size());
    std::sort(verdict_.extra.begin(), verdict_.extra.end());
    const double counted = static_cast<double>(verdict_.hits) + 0.5 * static_cast<double>(verdict_.missed.size() + verdict_.extra.size());
    if (counted > 0) verdict_.quality = iou_sum_ / counted;
    return std::move(verdict_);
  }
  const Cells& cells() const { return cells_; }

 private:
  // Places of the results that count, best score first.
  std::vector<uint32_t> order() const {
    std::vector<uint32_t> places;
    for (uint32_t place = 0; place < objects_.results.size(); ++place) {
      const CocoObject& result = *objects_.results[place];
      if (result.score >= options_.score_threshold && categories_.of(result.category_id)) places.push_back(place);
    }
    std::stable_sort(places.begin(), places.end(),
                     [&](uint32_t a, uint32_t b) { return objects_.results[a]->score > objects_.results[b]->score; });
    return places;
  }

  void judge_result(const CocoObject& result, uint32_t place) {
    const Shape shape = Shape::read(result, objects_.picture->size, Origin::kResult);
    double iou = 0;
    Target<Shape>* target = best_target(shape, result.category_id, iou);
    if (!target && on_crowd(shape)) return;
    const size_t found = *categories_.of(result.category_id);
    if (target && target->annotation->category_id == result.category_id) {
      target->taken = true;
      ++verdict_.hits;
      iou_sum_ += iou;
      ++cells_[{found, found}];
      return;
    }
    verdict_.extra.push_back(place);
    if (!target) {
      ++cells_[{categories_.size(), found}];
      return;
    }
    target->taken = true;
    miss(*target, found);
  }

  void miss(const Target<Shape>& target, size_t found) {
    verdict_.missed.push_back(target.annotation->id);
    ++cells_[{*categories_.of(target.annotation->category_id), found}];
  }

  Target<Shape>* best_target(const Shape& shape, int64_t category, double& best_iou) {
    Target<Shape>* best = nullptr;
    for (Target<Shape>& target : targets_) {
      if (target.taken || target.annotation->crowd) continue;
      const double iou = overlap(shape, target.shape, false);
      const bool equal_and_own = best && iou == best_iou && target.annotation->category_id == category;
      if (!(iou >= options_.iou) || (best && !(iou > best_iou) && !equal_and_own)) continue;
      best = &target;
      best_iou = iou;
    }
    return best;
  }

  bool on_crowd(const Shape& shape) const {
    return std::any_of(targets_.begin(), targets_.end(), [&](const Target<Shape>& target) {
      return target.annotation->crowd && overlap(shape, target.shape, true) >= options_.iou;
    });
  }

  const PictureObjects& objects_;
  const Ranks& categories_;
  const ConfusionOptions& options_;
  std::vector<Target<Shape>> targets_;
  PictureVerdict verdict_;
  Cells cells_;
  double iou_sum_ = 0;
};

template <class Shape>
Confusion judge_all(const CocoDataset& dataset, const CocoResults& results, const ConfusionOptions& options, int64_t threads,
                    const CancelFlag& cancel) {
  const Ranks categories(dataset.categories);
  const std::vector<PictureObjects> pictures = by_picture(dataset, results, categories);
  Confusion all{options, {}, std::vector<PictureVerdict>(pictures.size())};
  std::vector<Cells> cells(pictures.size());
  for_each_unit(pictures.size(), threads, cancel, [&](size_t i) {
    PictureJudge<Shape> judge(pictures[i], categories, options);
    all.pictures[i] = judge.judge(cancel);
    cells[i] = judge.cells();
  });
  Cells sums;
  for (const Cells& own : cells)
    for (const auto& [place, count] : own) sums[place] += count;
  for (const auto& [place, count] : sums) all.cells.push_back({place.first, place.second, count});
  return all;
}

void check(const ConfusionOptions& options) {
  // Below 0.5 `overlap` need not be exact.
  if (!(options.iou >= 0.5 && options.iou <= 1))
    fail_expected(ErrorCode::kInvalidArgument, "a number from 0.5 to 1", "confusion.iou", std::to_string(options.iou));
  if (!(options.score_threshold >= 0 && options.score_threshold <= 1))
    fail_expected(ErrorCode::kInvalidArgument, "a number from 0 to 1", "confusion.scoreThreshold", std::to_string(options.score_threshold));
}

}  // namespace

Confusion confusion_of(const CocoDataset& dataset, const CocoResults& results, const ConfusionOptions& options, int64_t threads,
                       const CancelFlag& cancel) {
  check(options);
  return options.type == IouType::kBbox ? judge_all<BoxShape>(dataset, results, options, threads, cancel)
                                        : judge_all<MaskShape>(dataset, results, options, threads, cancel);
}

}  // namespace mimdet
