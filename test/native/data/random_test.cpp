// Random numbers by name, and the order of a run that is made of them.
#include "data/random.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "check.h"
#include "data/plan.h"

using namespace mimdet;

TEST("random: one name, one stream; other names, other streams") {
  std::set<uint64_t> first;
  for (uint64_t seed = 0; seed < 4; ++seed)
    for (uint64_t position = 0; position < 50; ++position)
      for (const Purpose purpose : {Purpose::kFlip, Purpose::kColour, Purpose::kPatchNoise}) {
        const uint64_t number = Random(seed, position, purpose).next();
        CHECK_EQUAL(Random(seed, position, purpose).next(), number);
        first.insert(number);
      }
  CHECK_EQUAL(first.size(), 4u * 50 * 3);
}

TEST("random: uniform numbers have the mean, variance and correlations of uniform numbers") {
  // Over positions, since a run takes few numbers of each stream.
  constexpr int kCount = 200'000;
  double sum = 0, squares = 0, neighbours = 0, last = 0.5;
  for (int i = 0; i < kCount; ++i) {
    const double value = Random(7, i, Purpose::kFlip).uniform();
    CHECK(value >= 0 && value < 1);
    sum += value, squares += value * value, neighbours += (value - 0.5) * (last - 0.5);
    last = value;
  }
  CHECK(std::abs(sum / kCount - 0.5) < 0.003);
  CHECK(std::abs(squares / kCount - 1.0 / 3) < 0.003);
  CHECK(std::abs(neighbours / kCount) < 0.001);
}

TEST("random: integers below a count are as likely as each other, at the largest counts too") {
  std::map<uint64_t, int> seen;
  Random random(1, 2, Purpose::kOrder);
  for (int i = 0; i < 70'000; ++i) ++seen[random.below(7)];
  CHECK_EQUAL(seen.size(), 7u);
  for (const auto& [value, times] : seen) CHECK(value < 7 && std::abs(times - 10'000) < 400);
  // Taking the rest alone, the lower half of two thirds of 2^64 would come twice as often as the upper.
  const uint64_t count = UINT64_MAX / 3 * 2;
  int low = 0;
  for (int i = 0; i < 10'000; ++i) low += random.below(count) < count / 2;
  CHECK(std::abs(low - 5'000) < 250);
  CHECK_EQUAL(random.below(1), 0u);
  for (int i = 0; i < 100; ++i) {
    const int64_t value = random.between(-2, 2);
    CHECK(value >= -2 && value <= 2);
  }
}

TEST("plan: every epoch shows every picture once, in another order") {
  constexpr int64_t kPictures = 101;
  const TrainingPlan plan = training_plan(5, kPictures, 0, 3 * kPictures);
  std::vector<std::vector<uint32_t>> epochs;
  for (int epoch = 0; epoch < 3; ++epoch) {
    epochs.emplace_back(plan.pictures.begin() + epoch * kPictures, plan.pictures.begin() + (epoch + 1) * kPictures);
    std::vector<uint32_t> sorted = epochs.back();
    std::sort(sorted.begin(), sorted.end());
    for (uint32_t i = 0; i < kPictures; ++i) CHECK_EQUAL(sorted[i], i);
  }
  CHECK(epochs[0] != epochs[1] && epochs[1] != epochs[2]);
  CHECK(training_plan(6, kPictures, 0, kPictures).pictures != epochs[0]);
}

TEST("plan: any stretch of a run is what the whole run has there") {
  const TrainingPlan whole = training_plan(9, 13, 0, 60);
  for (const auto& [first, length] : {std::pair{0, 0}, {5, 1}, {12, 2}, {7, 40}, {59, 1}}) {
    const TrainingPlan part = training_plan(9, 13, first, length);
    CHECK(std::equal(part.pictures.begin(), part.pictures.end(), whole.pictures.begin() + first, whole.pictures.begin() + first + length));
    CHECK(std::equal(part.donors.begin(), part.donors.end(), whole.donors.begin() + first, whole.donors.begin() + first + length));
  }
  CHECK_EQUAL(training_plan(0, 100, int64_t{1} << 53, 3).pictures.size(), 3u);
}

TEST("plan: a donor is another picture where there is one") {
  const TrainingPlan plan = training_plan(3, 4, 0, 400);
  std::map<uint32_t, int> seen;
  for (size_t i = 0; i < plan.donors.size(); ++i) {
    CHECK(plan.donors[i] != plan.pictures[i] && plan.donors[i] < 4);
    ++seen[plan.donors[i]];
  }
  CHECK_EQUAL(seen.size(), 4u);
  CHECK_EQUAL(training_plan(3, 1, 10, 1).donors[0], 0u);
}

TEST("plan: numbers that make no run are refused") {
  CHECK_FAILS(training_plan(0, 0, 0, 1), ErrorCode::kInvalidArgument, "`pictures`");
  CHECK_FAILS(training_plan(0, int64_t{1} << 40, 0, 1), ErrorCode::kInvalidArgument, "`pictures`");
  CHECK_FAILS(training_plan(0, 1, -1, 1), ErrorCode::kInvalidArgument, "`first`");
  CHECK_FAILS(training_plan(0, 1, 0, int64_t{1} << 40), ErrorCode::kInvalidArgument, "`length`");
}
