// Random: the finaliser of SplitMix64 (Steele, Lea and Flood, 2014) over a key and a counter.
#include "data/random.h"

namespace mimdet {
namespace {

constexpr uint64_t kStep = 0x9e3779b97f4a7c15;  // 2^64 over the golden ratio: successive keys lie far apart

uint64_t mix(uint64_t x) {
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
  x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
  return x ^ (x >> 31);
}

}  // namespace

// Each part is mixed in before the next, so that (1, 2) and (2, 1) have nothing in common.
Random::Random(uint64_t seed, uint64_t position, Purpose purpose)
    : key_(mix(mix(mix(seed + kStep) + position * kStep + 1) + static_cast<uint64_t>(purpose) * kStep + 2)) {}

uint64_t Random::next() { return mix(key_ + ++counter_ * kStep); }

double Random::uniform() { return static_cast<double>(next() >> 11) * 0x1p-53; }

// Numbers from the incomplete last stretch of 2^64 are drawn again: without that the first ones were likelier.
uint64_t Random::below(uint64_t count) {
  const uint64_t incomplete = (0 - count) % count;  // 2^64 mod count
  for (;;) {
    const uint64_t number = next();
    if (number >= incomplete) return number % count;
  }
}

int64_t Random::between(int64_t least, int64_t most) {
  return least + static_cast<int64_t>(below(static_cast<uint64_t>(most - least) + 1));
}

}  // namespace mimdet
