#include "inference/batch_queue.h"

#include <algorithm>
#include <iterator>
#include <string>

#include "base/error.h"

namespace mimdet {
namespace {

bool before(const DetectJobPtr& a, const DetectJobPtr& b) {
  return a->priority != b->priority ? a->priority > b->priority : a->arrival < b->arrival;
}

bool same_batch(const DetectJob& a, const DetectJob& b) {
  return a.input_size == b.input_size && a.options == b.options && a.budget_ms == b.budget_ms;
}

}  // namespace

void BatchQueue::push(DetectJobPtr job) {
  if (limits_.max_waiting > 0 && size() >= limits_.max_waiting)
    fail_expected(ErrorCode::kQueueFull, "at most " + std::to_string(limits_.max_waiting) + " waiting pictures", "maxQueueSize",
                  "one more");
  auto group = std::ranges::find_if(groups_, [&](const Group& each) { return same_batch(*each.front(), *job); });
  if (group == groups_.end()) group = groups_.insert(groups_.end(), Group());
  group->insert(std::ranges::upper_bound(*group, job, before), std::move(job));
}

bool BatchQueue::remove(const DetectJob& job) {
  return !take_if([&](const DetectJob& each) { return &each == &job; }).empty();
}

Clock::time_point BatchQueue::ready_at() const {
  Clock::time_point earliest = kNever;
  for (const Group& group : groups_) earliest = std::min(earliest, ready_at(group));
  return earliest;
}

Clock::time_point BatchQueue::ready_at(const Group& group) const {
  const auto oldest = std::ranges::min_element(group, {}, [](const DetectJobPtr& job) { return job->arrival; });
  return (*oldest)->arrival + (group.size() >= limits_.max_batch ? Clock::duration::zero() : limits_.max_delay);
}

std::vector<DetectJobPtr> BatchQueue::take(Clock::time_point now) {
  auto next = groups_.end();
  for (auto group = groups_.begin(); group != groups_.end(); ++group)
    if (ready_at(*group) <= now && (next == groups_.end() || before(group->front(), next->front()))) next = group;
  if (next == groups_.end()) return {};
  const auto end = next->begin() + static_cast<std::ptrdiff_t>(std::min(next->size(), limits_.max_batch));
  std::vector<DetectJobPtr> batch(std::make_move_iterator(next->begin()), std::make_move_iterator(end));
  next->erase(next->begin(), end);
  if (next->empty()) groups_.erase(next);
  return batch;
}

std::vector<DetectJobPtr> BatchQueue::take_expired(Clock::time_point now) {
  return take_if([now](const DetectJob& job) { return job.deadline <= now; });
}

std::vector<DetectJobPtr> BatchQueue::take_all() {
  return take_if([](const DetectJob&) { return true; });
}

size_t BatchQueue::size() const {
  size_t count = 0;
  for (const Group& group : groups_) count += group.size();
  return count;
}

template <class Predicate>
std::vector<DetectJobPtr> BatchQueue::take_if(Predicate predicate) {
  std::vector<DetectJobPtr> taken;
  for (Group& group : groups_) {
    const auto rest = std::ranges::stable_partition(group, [&](const DetectJobPtr& job) { return !predicate(*job); });
    std::ranges::move(rest, std::back_inserter(taken));
    group.erase(rest.begin(), rest.end());
  }
  std::erase_if(groups_, [](const Group& group) { return group.empty(); });
  return taken;
}

}  // namespace mimdet
