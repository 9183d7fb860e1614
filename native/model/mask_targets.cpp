#include "model/mask_targets.h"

#include <ATen/Parallel.h>
#include <ATen/ops/empty.h>

#include "ops/mask_cropper.h"

namespace mimdet {
namespace {

void crop_mask(const ObjectMask& mask, const float* box, int64_t side, BitmapCropper& cropper, uint8_t* out) {
  if (const auto* polygons = std::get_if<PolygonMask>(&mask)) crop_polygons(*polygons, box, side, out);
  else cropper.crop(std::get<RleMask>(mask), box, side, out);
}

}  // namespace

at::Tensor mask_targets(const MaskRois& rois, const Targets& targets, int64_t side) {
  const int64_t count = rois.objects.size(0);
  at::Tensor cropped = at::empty({count, side, side}, at::kBool);
  const at::Tensor boxes = rois.boxes_xyxy.to(at::kCPU, at::kFloat).contiguous();
  auto* pixels = reinterpret_cast<uint8_t*>(cropped.data_ptr<bool>());
  at::parallel_for(0, count, 4, [&](int64_t begin, int64_t end) {
    BitmapCropper cropper;
    for (int64_t i = begin; i < end; ++i)
      crop_mask(targets.masks[rois.objects.const_data_ptr<int64_t>()[i]], boxes.const_data_ptr<float>() + i * 4, side, cropper,
                pixels + i * side * side);
  });
  return cropped;
}

}  // namespace mimdet
