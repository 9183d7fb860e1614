#include "ops/roi_align.h"

#include <string>

#include "ops/argument_checks.h"
#include "ops/registration.h"

namespace mimdet {

at::Tensor roi_align(const at::Tensor& features, const at::Tensor& rois, double spatial_scale, int64_t output_size) {
  require_shape(features, "features", {-1, -1, -1, -1});
  require_shape(rois, "rois", {-1, 5});
  if (!features.is_floating_point())
    fail_expected(ErrorCode::kInvalidArgument, "a floating type", "features", toString(features.scalar_type()));
  if (rois.device() != features.device())
    fail_expected(ErrorCode::kInvalidArgument, "the device of `features`", "rois", rois.device().str());
  if (output_size < 1) fail_expected(ErrorCode::kInvalidArgument, "at least 1", "output_size", std::to_string(output_size));
  if (!(spatial_scale > 0))
    fail_expected(ErrorCode::kInvalidArgument, "a number above 0", "spatial_scale", std::to_string(spatial_scale));
  return dispatch::roi_align(features, rois, spatial_scale, output_size);
}

}  // namespace mimdet
