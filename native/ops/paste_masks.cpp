#include "ops/paste_masks.h"

#include <ATen/Parallel.h>

#include "ops/argument_checks.h"
#include "ops/mask_paster.h"

namespace mimdet {

std::vector<RleMask> paste_masks(const at::Tensor& probabilities, const at::Tensor& boxes_xyxy, SizeHw picture_size) {
  require_shape(boxes_xyxy, "boxes_xyxy", {-1, 4});
  require_shape(probabilities, "probabilities", {boxes_xyxy.size(0), -1, -1});
  require_shape(probabilities, "probabilities", {-1, -1, probabilities.size(1)});
  check_mask_size(picture_size);
  const at::Tensor masks = probabilities.to(at::kCPU, at::kFloat).contiguous();
  const at::Tensor boxes = boxes_xyxy.to(at::kCPU, at::kFloat).contiguous();
  const int64_t cells = masks.size(1);
  std::vector<RleMask> pasted(masks.size(0));
  at::parallel_for(0, masks.size(0), 1, [&](int64_t begin, int64_t end) {
    MaskPaster paster(cells, picture_size);
    for (int64_t i = begin; i < end; ++i)
      pasted[i] = paster.paste(masks.const_data_ptr<float>() + i * cells * cells, boxes.const_data_ptr<float>() + i * 4);
  });
  return pasted;
}

}  // namespace mimdet
