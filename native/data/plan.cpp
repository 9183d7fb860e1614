#include "data/plan.h"

#include <algorithm>
#include <numeric>
#include <string>

#include "base/error.h"
#include "data/random.h"

namespace mimdet {
namespace {

void require(int64_t value, int64_t least, int64_t most, const char* name) {
  if (value >= least && value <= most) return;
  fail_expected(ErrorCode::kInvalidArgument, "a whole number from " + std::to_string(least) + " to " + std::to_string(most), name,
                std::to_string(value));
}

std::vector<uint32_t> epoch_order(uint64_t seed, int64_t epoch, int64_t pictures) {
  std::vector<uint32_t> order(pictures);
  std::iota(order.begin(), order.end(), 0);
  Random(seed, epoch, Purpose::kOrder).shuffle(std::span(order));
  return order;
}

uint32_t donor_of(uint64_t seed, int64_t position, uint32_t picture, int64_t pictures) {
  if (pictures == 1) return 0;
  const auto other = static_cast<uint32_t>(Random(seed, position, Purpose::kDonor).below(pictures - 1));
  return other + (other >= picture);  // the picture itself is passed over
}

}  // namespace

TrainingPlan training_plan(uint64_t seed, int64_t pictures, int64_t first, int64_t length) {
  require(pictures, 1, int64_t{1} << 26, "pictures");
  require(first, 0, int64_t{1} << 53, "first");
  require(length, 0, int64_t{1} << 24, "length");
  TrainingPlan plan;
  for (int64_t position = first; position < first + length;) {
    const int64_t epoch = position / pictures, end = std::min(first + length, (epoch + 1) * pictures);
    const std::vector<uint32_t> order = epoch_order(seed, epoch, pictures);
    for (; position < end; ++position) {
      plan.pictures.push_back(order[position % pictures]);
      plan.donors.push_back(donor_of(seed, position, plan.pictures.back(), pictures));
    }
  }
  return plan;
}

}  // namespace mimdet
