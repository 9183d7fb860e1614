// Random numbers without a state to keep: a stream is named by (seed, position, purpose), and the same name gives the same
// numbers on any machine. Used by plan, the augmentations and the draws of a training step.
#pragma once

#include <cstdint>
#include <span>
#include <utility>

namespace mimdet {

/// What a stream is for. Each has numbers of its own: turning one augmentation on changes nothing of another.
enum class Purpose : uint64_t {
  kOrder = 1,
  kDonor,
  kFlip,
  kQuarterTurn,
  kResizeCrop,
  kShortestEdge,
  kLargeScaleJitter,
  kColour,
  kCopyPaste,
  kPatchNoise = 100,
  kRpnLabels,
  kRoiLabels,
  kDropPath,
  kInitialWeights,
  kSampleRatio,
};

class Random {
 public:
  /// `position`: a step, a picture of the run, an epoch: whatever the purpose counts.
  Random(uint64_t seed, uint64_t position, Purpose purpose);

  /// 64 bits.
  uint64_t next();
  /// In [0, 1), 53 bits.
  double uniform();
  /// In [least, most).
  double uniform(double least, double most) { return least + (most - least) * uniform(); }
  /// 0 … count - 1, each exactly as likely; `count` is at least 1.
  uint64_t below(uint64_t count);
  /// A whole number from `least` to `most`, both included.
  int64_t between(int64_t least, int64_t most);
  bool chance(double probability) { return uniform() < probability; }

  template <class T>
  const T& choice(std::span<const T> items) {
    return items[below(items.size())];
  }
  template <class T>
  void shuffle(std::span<T> items) {
    for (uint64_t left = items.size(); left > 1; --left) std::swap(items[left - 1], items[below(left)]);
  }

 private:
  uint64_t key_, counter_ = 0;
};

}  // namespace mimdet
