// ROIAlign as a step of a differentiable computation. Boxes get no gradient: proposals are taken as given.
#include <ATen/core/LegacyTypeDispatch.h>
#include <torch/csrc/autograd/custom_function.h>

#include "ops/kernels.h"
#include "ops/registration.h"

namespace mimdet::autograd {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

struct RoiAlign : torch::autograd::Function<RoiAlign> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& features, const at::Tensor& rois, double spatial_scale,
                            int64_t output_size) {
    context->save_for_backward({rois});
    context->saved_data["spatial_scale"] = spatial_scale;
    context->saved_data["feature_shape"] = features.sizes().vec();
    const at::AutoDispatchBelowADInplaceOrView below_autograd;
    return dispatch::roi_align(features, rois, spatial_scale, output_size);
  }

  static variable_list backward(AutogradContext* context, const variable_list& grads) {
    const at::Tensor rois = context->get_saved_variables()[0];
    return {dispatch::roi_align_backward(grads[0], rois, context->saved_data["spatial_scale"].toDouble(),
                                         context->saved_data["feature_shape"].toIntVector()),
            {}, {}, {}};
  }
};

}  // namespace

at::Tensor roi_align(const at::Tensor& features, const at::Tensor& rois, double spatial_scale, int64_t output_size) {
  return RoiAlign::apply(features, rois, spatial_scale, output_size);
}

}  // namespace mimdet::autograd
