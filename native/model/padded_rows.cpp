#include "model/padded_rows.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/minimum.h>
#include <ATen/ops/sort.h>
#include <ATen/ops/tensor.h>

#include <algorithm>

namespace mimdet {
namespace {

at::Tensor sorted_places(const at::Tensor& keys, bool descending) { return std::get<1>(at::sort(keys, /*stable=*/true, /*dim=*/1, descending)); }

}  // namespace

at::Tensor rows_at(const at::Tensor& rows, const at::Tensor& index) {
  return rows.gather(1, index.unsqueeze(2).expand({index.size(0), index.size(1), rows.size(2)}));
}

at::Tensor falling_order(const at::Tensor& scores) { return sorted_places(scores, /*descending=*/true); }

at::Tensor first_of(const at::Tensor& stays, int64_t most) {
  return sorted_places(stays.logical_not(), /*descending=*/false).slice(1, 0, std::min(most, stays.size(1)));
}

// Nobody waits for the upload: a few numbers of pageable memory are read before the call returns.
at::Tensor clip_to_each(const at::Tensor& boxes_xyxy, const std::vector<SizeHw>& sizes) {
  std::vector<float> limits;
  for (const SizeHw& size : sizes)
    for (const int64_t limit : {size.width, size.height, size.width, size.height}) limits.push_back(static_cast<float>(limit));
  const at::Tensor most = at::tensor(limits).view({-1, 1, 4}).to(boxes_xyxy.device(), at::kFloat, /*non_blocking=*/true);
  return at::minimum(boxes_xyxy.clamp_min(0), most);
}

at::Tensor has_area(const at::Tensor& boxes_xyxy) {
  return (boxes_xyxy.narrow(2, 2, 2) - boxes_xyxy.narrow(2, 0, 2)).gt(0).all(2);
}

}  // namespace mimdet
