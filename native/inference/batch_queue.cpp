#include "inference/batch_queue.h"

#include <algorithm>
#include <iterator>
#include <string>

#include "base/error.h"

namespace mimdet {
namespace {

bool sooner(const DetectJobPtr& a, const DetectJobPtr& b) {
  return a->turn != b->turn ? a->turn < b->turn : a->arrival < b->arrival;
}

bool before(const DetectJobPtr& a, const DetectJobPtr& b) {
  return a->priority != b->priority ? a->priority > b->priority : sooner(a, b);
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
  job->turn = take_turn(*job);
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

/// A caller that has been away starts beside those that are here, one that is here behind its own last picture.
double BatchQueue::take_turn(const DetectJob& job) {
  const auto views = std::max<int64_t>(1, std::ssize(job.options.views));
  const double pixels = static_cast<double>(job.input_size.height) * static_cast<double>(job.input_size.width * views);
  double& next = next_[job.caller];
  const double turn = std::max(now_, next);
  next = turn + pixels;
  return turn;
}

void BatchQueue::pass_turn(double turn) {
  now_ = std::max(now_, turn);
  std::erase_if(next_, [this](const auto& caller) { return caller.second <= now_; });
}

/// Nobody's turn has to be kept where nobody waits: names must not add up.
void BatchQueue::forget_callers_if_empty() {
  if (groups_.empty()) next_.clear();
}

std::vector<DetectJobPtr> BatchQueue::take(Clock::time_point now) {
  DetectJobPtr first, soonest;  // by priority, and by turn alone
  for (const Group& group : groups_) {
    if (ready_at(group) > now) continue;
    if (!first || before(group.front(), first)) first = group.front();
    const DetectJobPtr& own = *std::ranges::min_element(group, sooner);
    if (!soonest || sooner(own, soonest)) soonest = own;
  }
  if (!first) return {};
  const bool patience_ends = first->priority > soonest->priority && ++passed_over_ > kMostPassedOver;
  if (patience_ends || first->priority == soonest->priority) passed_over_ = 0;
  return take_batch(patience_ends ? soonest : first);
}

/// `leader`, and the first of its company.
std::vector<DetectJobPtr> BatchQueue::take_batch(const DetectJobPtr& leader) {
  const auto group = std::ranges::find_if(groups_, [&](const Group& each) { return same_batch(*each.front(), *leader); });
  const auto place = std::ranges::find(*group, leader);
  std::rotate(group->begin(), place, place + 1);
  const auto end = group->begin() + static_cast<std::ptrdiff_t>(std::min(group->size(), limits_.max_batch));
  std::vector<DetectJobPtr> batch(std::make_move_iterator(group->begin()), std::make_move_iterator(end));
  group->erase(group->begin(), end);
  if (group->empty()) groups_.erase(group);
  pass_turn(batch.front()->turn);
  forget_callers_if_empty();
  return batch;
}

std::vector<DetectJobPtr> BatchQueue::take_expired(Clock::time_point now) {
  return take_if([now](const DetectJob& job) { return job.deadline <= now; });
}

std::vector<DetectJobPtr> BatchQueue::take_all() {
  return take_if([](const DetectJob&) { return true; });
}

Clock::time_point BatchQueue::next_deadline() const {
  Clock::time_point earliest = kNever;
  for (const Group& group : groups_)
    for (const DetectJobPtr& job : group) earliest = std::min(earliest, job->deadline);
  return earliest;
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
  forget_callers_if_empty();
  return taken;
}

}  // namespace mimdet
