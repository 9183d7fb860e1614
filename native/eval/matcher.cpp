#include "eval/matcher.h"

#include <algorithm>

#include "base/error.h"

namespace mimdet {
namespace {

using coco::kAreas;
using coco::kThresholds;

constexpr size_t kMaxShapeBytes = size_t{1} << 30;  // of one class in one picture

template <class Shape>
struct Target {
  Shape shape;
  bool crowd;
  std::array<bool, kAreas> ignored;
  std::array<uint16_t, kAreas> taken{};  // bit t: by a result, at IoU threshold t
};

struct Candidate {
  size_t target;
  double iou;
};

template <class Shape>
class GroupMatcher {
 public:
  GroupMatcher(const CocoDataset& dataset, const ObjectGroup& group) : group_(group) {
    targets_.reserve(group.annotations.size());
    size_t bytes = 0;
    for (const uint32_t place : group.annotations) {
      add_target(dataset.annotations[place]);
      bytes += targets_.back().shape.bytes();
      if (bytes > kMaxShapeBytes)
        fail_expected(ErrorCode::kDataset, "masks of one class in one picture that fit a gigabyte",
                      object_name(dataset.annotations[place], Origin::kGroundTruth), "more");
    }
  }

  ObjectCounts counts() const {
    ObjectCounts counts{};
    for (const auto& target : targets_)
      for (size_t a = 0; a < kAreas; ++a) counts[a] += !target.ignored[a];
    return counts;
  }

  // Results must come best score first. One mask is decoded at a time.
  MatchedResult match(const CocoObject& result) {
    const Shape shape = Shape::read(result, group_.picture_size, Origin::kResult);
    find_candidates(shape);
    MatchedResult matched;
    matched.score = result.score;
    for (size_t a = 0; a < kAreas; ++a) {
      for (size_t t = 0; !candidates_.empty() && t < kThresholds; ++t) match_at(a, t, matched);
      if (coco::kAreaRanges[a].excludes(shape.area)) matched.ignored[a] |= ~matched.matched[a];
    }
    return matched;
  }

 private:
  void add_target(const CocoObject& annotation) {
    Target<Shape> target{Shape::read(annotation, group_.picture_size, Origin::kGroundTruth), annotation.crowd, {}};
    for (size_t a = 0; a < kAreas; ++a) target.ignored[a] = annotation.crowd || coco::kAreaRanges[a].excludes(target.shape.area);
    targets_.push_back(std::move(target));
  }

  void find_candidates(const Shape& shape) {
    candidates_.clear();
    for (size_t i = 0; i < targets_.size(); ++i) {
      const double iou = overlap(shape, targets_[i].shape, targets_[i].crowd);
      if (!(iou < coco::kIouThresholds[0])) candidates_.push_back({i, iou});  // a NaN, of boxes without area, matches as in pycocotools
    }
  }

  void match_at(size_t area, size_t threshold, MatchedResult& matched) {
    Target<Shape>* best = best_of(area, threshold, false);
    if (!best) best = best_of(area, threshold, true);
    if (!best) return;
    const uint16_t bit = uint16_t{1} << threshold;
    best->taken[area] |= bit;
    matched.matched[area] |= bit;
    if (best->ignored[area]) matched.ignored[area] |= bit;
  }

  Target<Shape>* best_of(size_t area, size_t threshold, bool ignored) {
    double least = coco::kIouThresholds[threshold];
    Target<Shape>* best = nullptr;
    for (const Candidate& candidate : candidates_) {
      Target<Shape>& target = targets_[candidate.target];
      if (target.ignored[area] != ignored || candidate.iou < least) continue;
      if (!target.crowd && target.taken[area] >> threshold & 1) continue;  // a crowd may be taken again and again
      least = candidate.iou;
      best = &target;
    }
    return best;
  }

  const ObjectGroup& group_;
  std::vector<Target<Shape>> targets_;
  std::vector<Candidate> candidates_;  // of the present result, in the order of the document
};

}  // namespace

template <class Shape>
ObjectCounts match_group(const CocoDataset& dataset, const CocoResults& results, const ObjectGroup& group, std::span<MatchedResult> out,
                         const CancelFlag& cancel) {
  std::vector<uint32_t> order(group.results.begin(), group.results.end());
  std::stable_sort(order.begin(), order.end(), [&](uint32_t a, uint32_t b) { return results.objects[a].score > results.objects[b].score; });
  GroupMatcher<Shape> matcher(dataset, group);
  for (uint32_t rank = 0; rank < out.size(); ++rank) {
    throw_if_cancelled(cancel);
    out[rank] = matcher.match(results.objects[order[rank]]);
    out[rank].rank = rank;
  }
  return matcher.counts();
}

template ObjectCounts match_group<BoxShape>(const CocoDataset&, const CocoResults&, const ObjectGroup&, std::span<MatchedResult>,
                                            const CancelFlag&);
template ObjectCounts match_group<MaskShape>(const CocoDataset&, const CocoResults&, const ObjectGroup&, std::span<MatchedResult>,
                                             const CancelFlag&);

}  // namespace mimdet
