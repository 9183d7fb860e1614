#include "model/mask_loss.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/binary_cross_entropy_with_logits.h>

namespace mimdet {

at::Tensor mask_loss(const at::Tensor& logits, const at::Tensor& classes, const at::Tensor& targets) {
  if (logits.size(0) == 0) return logits.to(at::kFloat).sum();
  const int64_t count = logits.size(0), num_classes = logits.size(1);
  const at::Tensor own_rows = at::arange(count, classes.options()) * num_classes + classes;
  const at::Tensor own = logits.flatten(0, 1).index_select(0, own_rows.to(logits.device())).to(at::kFloat);  // (M, s, s)
  return at::binary_cross_entropy_with_logits(own, targets.to(own.options()));
}

}  // namespace mimdet
