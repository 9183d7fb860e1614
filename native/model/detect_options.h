// What one call of detect may choose. Everything else is the configuration's.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

namespace mimdet {

/// One way to look at a picture in test-time augmentation: resized to `scale` times its usual size, then mirrored.
struct View {
  double scale = 1.0;
  bool flip_horizontal = false, flip_vertical = false;
  bool operator==(const View&) const = default;
};

struct DetectOptions {
  std::optional<double> score_threshold;        // the configuration's where there is none; scores must be greater
  std::optional<int64_t> detections_per_image;  // the configuration's where there is none
  std::vector<int64_t> class_ids;               // only these; empty: all
  bool masks = true;
  double sample_ratio = 1.0;  // share of the patches that the encoder sees, 0 < ratio <= 1; 1 draws nothing
  uint64_t seed = 0;          // of the patch sampler's noise, fresh for each picture
  std::vector<View> views;    // of test-time augmentation; empty: the picture as it is, once
  bool operator==(const DetectOptions&) const = default;
};

}  // namespace mimdet
