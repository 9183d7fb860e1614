// Measures of difference between our tensors and the reference's.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

namespace mimdet::parity {

inline constexpr double kStationTolerance = 1e-5;  // fed with the stored station before it
inline constexpr double kChainTolerance = 1e-4;    // the whole forward from the picture
inline constexpr double kBoxTolerance = 0.01;      // pixels
inline constexpr double kStationScoreTolerance = 1e-5;
inline constexpr double kChainScoreTolerance = 5e-5;
inline constexpr double kSwapGap = 1e-4;           // neighbours closer than this may swap

/// ‖ours − theirs‖ / ‖theirs‖; infinite where the shapes differ or something is not finite.
double relative_error(const at::Tensor& ours, const at::Tensor& theirs);

/// How many elements are not equal; all of them where the shapes differ.
double count_unequal(const at::Tensor& ours, const at::Tensor& theirs);

/// A list of boxes against the stored one.
struct BoxMatch {
  std::vector<int64_t> order;  // our index for each stored box; -1 where none is near
  int64_t unmatched = 0;       // stored boxes without one of ours, and ours without a stored one
  int64_t out_of_order = 0;    // pairs that swapped though their stored values differ by kSwapGap or more
  double box_error = 0;        // pixels, over what matched
  double value_error = 0;      // of scores or logits

  bool complete() const { return unmatched == 0; }
  at::Tensor order_tensor() const;
};

/// Matches by box (and class where given): boxes (R, 4), values (R) scores or logits, classes (R) or undefined.
BoxMatch match_boxes(const at::Tensor& boxes, const at::Tensor& values, const at::Tensor& classes, const at::Tensor& stored_boxes,
                     const at::Tensor& stored_values, const at::Tensor& stored_classes);

}  // namespace mimdet::parity
