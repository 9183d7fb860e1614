// Which picture stands at which place of a run, as a function of the seed alone: a run that goes on needs to know no more than
// how many pictures it has seen. Before it: lib/ (how many pictures there are). After it: batch.
#pragma once

#include <cstdint>
#include <vector>

namespace mimdet {

struct TrainingPlan {
  std::vector<uint32_t> pictures;  // one for each position
  std::vector<uint32_t> donors;    // of which copy-paste may take objects: any other picture, the same where there is but one
};

/// Positions first … first + length - 1 of a run over `pictures` pictures: each epoch is a new shuffle in which every picture
/// comes once. Throws kInvalidArgument unless 1 <= pictures <= 2^26, 0 <= first <= 2^53 and 0 <= length <= 2^24.
TrainingPlan training_plan(uint64_t seed, int64_t pictures, int64_t first, int64_t length);

}  // namespace mimdet
