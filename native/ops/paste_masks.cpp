#include "ops/paste_masks.h"

#include <ATen/Parallel.h>

#include <algorithm>
#include <span>

#include "ops/argument_checks.h"
#include "ops/mask_changes.h"
#include "ops/mask_paster.h"
#include "ops/registration.h"

namespace mimdet {
namespace {

constexpr int64_t kMostColumns = int64_t{1} << 22;  // of all masks pasted at once: the device keeps two numbers for each

void append_masks(const at::Tensor& places, const at::Tensor& ends, SizeHw size, std::vector<RleMask>& masks) {
  int64_t begin = 0;
  for (int64_t i = 0; i < ends.numel(); ++i) {
    const int64_t end = ends.const_data_ptr<int64_t>()[i];
    masks.push_back(mask_from_changes(size, std::span(places.const_data_ptr<int64_t>() + begin, end - begin)));
    begin = end;
  }
}

std::vector<RleMask> paste_on_device(const at::Tensor& probabilities, const at::Tensor& boxes_xyxy, SizeHw size) {
  std::vector<RleMask> masks;
  const int64_t count = probabilities.size(0), at_once = std::max<int64_t>(1, kMostColumns / size.width);
  for (int64_t begin = 0; begin < count; begin += at_once) {
    const int64_t some = std::min(at_once, count - begin);
    const auto [places, ends] = dispatch::paste_changes(probabilities.narrow(0, begin, some), boxes_xyxy.narrow(0, begin, some),
                                                        size.height, size.width);
    append_masks(places, ends, size, masks);
  }
  return masks;
}

}  // namespace

std::vector<RleMask> paste_masks(const at::Tensor& probabilities, const at::Tensor& boxes_xyxy, SizeHw picture_size) {
  require_shape(boxes_xyxy, "boxes_xyxy", {-1, 4});
  require_shape(probabilities, "probabilities", {boxes_xyxy.size(0), -1, -1});
  require_shape(probabilities, "probabilities", {-1, -1, probabilities.size(1)});
  check_mask_size(picture_size);
  if (dispatch::has_device_kernels(probabilities.device()))
    return paste_on_device(probabilities, boxes_xyxy.to(probabilities.device()), picture_size);
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
