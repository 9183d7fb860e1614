// What choosing for many pictures at once is made of: rows of each picture, in tensors whose sizes hang on no number on the device.
// Used by padded_proposals and padded_boxes.
#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

#include "base/geometry.h"

namespace mimdet {

/// rows (N, K, D), index (N, M) -> (N, M, D).
at::Tensor rows_at(const at::Tensor& rows, const at::Tensor& index);

/// scores (N, K) -> (N, K): the places of each picture's, highest first, equal ones in their order.
at::Tensor falling_order(const at::Tensor& scores);

/// stays (N, K) bool -> (N, min(most, K)): the places of each picture's first that stay, in their order; behind them any others.
at::Tensor first_of(const at::Tensor& stays, int64_t most);

/// boxes (N, K, 4), clipped to each one's picture.
at::Tensor clip_to_each(const at::Tensor& boxes_xyxy, const std::vector<SizeHw>& sizes);

/// boxes (N, K, 4) -> (N, K) bool: width and height are positive.
at::Tensor has_area(const at::Tensor& boxes_xyxy);

}  // namespace mimdet
