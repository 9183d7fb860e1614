#include "eval/object_groups.h"

#include <algorithm>
#include <string>

#include "base/error.h"

namespace mimdet {
namespace {

constexpr uint32_t kUnknown = UINT32_MAX;

// Ids in rising order; the rank of an id is its place there.
template <class Item>
class Ranks {
 public:
  explicit Ranks(const std::vector<Item>& items) {
    for (const Item& item : items) items_.push_back(&item);
    std::sort(items_.begin(), items_.end(), [](const Item* a, const Item* b) { return a->id < b->id; });
  }
  uint32_t of(int64_t id) {  // neighbours in a document are often of one picture
    if (last_ < items_.size() && items_[last_]->id == id) return static_cast<uint32_t>(last_);
    const auto found = std::lower_bound(items_.begin(), items_.end(), id, [](const Item* item, int64_t value) { return item->id < value; });
    last_ = found - items_.begin();
    return found != items_.end() && (*found)->id == id ? static_cast<uint32_t>(last_) : kUnknown;
  }
  const std::vector<const Item*>& items() const { return items_; }

 private:
  std::vector<const Item*> items_;
  size_t last_ = 0;
};

struct Placed {
  uint32_t category, picture, place;
};

// Stable, and linear in the number of objects.
std::vector<Placed> counting_sort(const std::vector<Placed>& items, uint32_t Placed::* key, size_t buckets) {
  std::vector<size_t> next(buckets + 1, 0);
  for (const Placed& item : items) ++next[item.*key + 1];
  for (size_t i = 1; i <= buckets; ++i) next[i] += next[i - 1];
  std::vector<Placed> sorted(items.size());
  for (const Placed& item : items) sorted[next[item.*key]++] = item;
  return sorted;
}

std::vector<Placed> place(const std::vector<CocoObject>& objects, Ranks<CocoCategory>& categories, Ranks<CocoPicture>& pictures,
                          bool is_result) {
  std::vector<Placed> placed;
  placed.reserve(objects.size());
  for (size_t i = 0; i < objects.size(); ++i) {
    const uint32_t picture = pictures.of(objects[i].picture_id), category = categories.of(objects[i].category_id);
    if (picture == kUnknown && is_result)
      fail_expected(ErrorCode::kDataset, "a picture of the ground truth", "detections[" + std::to_string(i) + "].image_id",
                    std::to_string(objects[i].picture_id));
    if (picture != kUnknown && category != kUnknown) placed.push_back({category, picture, static_cast<uint32_t>(i)});
  }
  placed = counting_sort(placed, &Placed::picture, pictures.items().size());
  return counting_sort(placed, &Placed::category, categories.items().size());
}

std::vector<uint32_t> places_of(const std::vector<Placed>& placed) {
  std::vector<uint32_t> places;
  places.reserve(placed.size());
  for (const Placed& item : placed) places.push_back(item.place);
  return places;
}

// Hands out, from a sorted list, all that belongs to one class and picture.
struct Reader {
  const std::vector<Placed>& placed;
  const std::vector<uint32_t>& places;
  size_t at = 0;

  uint32_t next_picture(uint32_t category) const {
    return at < placed.size() && placed[at].category == category ? placed[at].picture : kUnknown;
  }
  std::span<const uint32_t> take(uint32_t category, uint32_t picture) {
    const size_t begin = at;
    while (next_picture(category) == picture) ++at;
    return std::span(places).subspan(begin, at - begin);
  }
};

}  // namespace

ObjectGroups group_objects(const CocoDataset& dataset, const CocoResults& results) {
  Ranks<CocoCategory> categories(dataset.categories);
  Ranks<CocoPicture> pictures(dataset.pictures);
  const std::vector<Placed> annotations = place(dataset.annotations, categories, pictures, false);
  const std::vector<Placed> found = place(results.objects, categories, pictures, true);
  ObjectGroups all{categories.items(), {}, {}, places_of(annotations), places_of(found)};
  Reader from_annotations{annotations, all.annotation_places}, from_results{found, all.result_places};
  for (uint32_t category = 0; category < all.categories.size(); ++category) {
    all.first_group.push_back(all.groups.size());
    for (;;) {
      const uint32_t picture = std::min(from_annotations.next_picture(category), from_results.next_picture(category));
      if (picture == kUnknown) break;
      all.groups.push_back({pictures.items()[picture]->size, from_annotations.take(category, picture), from_results.take(category, picture)});
    }
  }
  all.first_group.push_back(all.groups.size());
  return all;
}

}  // namespace mimdet
