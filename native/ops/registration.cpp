// The one file that talks to PyTorch's dispatcher (its header takes 11 s to compile). A plugin adds kernels with
// TORCH_LIBRARY_IMPL(mimdet, CUDA, m), before or after.
#include "ops/registration.h"

#include <torch/library.h>

#include <optional>

#include "ops/kernels.h"

namespace mimdet::dispatch {
namespace {

using torch::Library;
using Nms = at::Tensor(const at::Tensor&, const at::Tensor&, double);
using NmsSurvivors = at::Tensor(const at::Tensor&, const at::Tensor&, double);
using RoiAlign = at::Tensor(const at::Tensor&, const at::Tensor&, double, int64_t);
using RoiAlignLevels = at::Tensor(at::TensorList, const at::Tensor&, const at::Tensor&, at::ArrayRef<double>, int64_t);
using RoiAlignBackward = at::Tensor(const at::Tensor&, const at::Tensor&, double, at::IntArrayRef);
using PasteChanges = std::tuple<at::Tensor, at::Tensor>(const at::Tensor&, const at::Tensor&, int64_t, int64_t);
using AdamwStep = void(at::Tensor&, at::Tensor&, at::Tensor&, const at::Tensor&, at::ArrayRef<double>);
using NormalisePad = void(at::Tensor&, const at::Tensor&, at::ArrayRef<double>, at::ArrayRef<double>);

// What TORCH_LIBRARY does, but when first called: two copies of this library in one process (two versions of the package) must
// not end it, as a second TORCH_LIBRARY of one name would. The later copy uses the kernels of the first.
struct Registration {
  std::optional<Library> definitions, cpu, composite, autograd;

  Registration() {
    if (c10::Dispatcher::singleton().findSchema({"mimdet::roi_align_backward", ""})) return;
    definitions.emplace(Library::FRAGMENT, "mimdet", std::nullopt, __FILE__, __LINE__);
    definitions->def("nms(Tensor boxes_xyxy, Tensor scores, float iou_threshold) -> Tensor");
    definitions->def("nms_survivors(Tensor boxes_xyxy, Tensor classes, float iou_threshold) -> Tensor");
    definitions->def("roi_align_levels(Tensor[] features, Tensor rois, Tensor levels, float[] spatial_scales, int output_size) -> Tensor");
    definitions->def("roi_align(Tensor features, Tensor rois, float spatial_scale, int output_size) -> Tensor");
    definitions->def("roi_align_backward(Tensor grad, Tensor rois, float spatial_scale, int[] feature_shape) -> Tensor");
    definitions->def("paste_changes(Tensor probabilities, Tensor boxes_xyxy, int height, int width) -> (Tensor, Tensor)");
    definitions->def("normalise_pad(Tensor(a!) planes, Tensor rgb, float[] pixel_mean, float[] pixel_std) -> ()");
    definitions->def("adamw_step(Tensor(a!) value, Tensor(b!) first, Tensor(c!) second, Tensor gradient, float[] update) -> ()");
    cpu.emplace(Library::IMPL, "mimdet", c10::DispatchKey::CPU, __FILE__, __LINE__);
    cpu->impl("nms", &mimdet::cpu::nms);
    cpu->impl("roi_align", &mimdet::cpu::roi_align);
    cpu->impl("roi_align_backward", &mimdet::cpu::roi_align_backward);
    composite.emplace(Library::IMPL, "mimdet", c10::DispatchKey::CompositeExplicitAutograd, __FILE__, __LINE__);
    composite->impl("nms", &mimdet::composite::nms);
    composite->impl("nms_survivors", &mimdet::composite::nms_survivors);
    composite->impl("roi_align", &mimdet::composite::roi_align);
    composite->impl("roi_align_backward", &mimdet::composite::roi_align_backward);
    autograd.emplace(Library::IMPL, "mimdet", c10::DispatchKey::Autograd, __FILE__, __LINE__);
    autograd->impl("roi_align", &mimdet::autograd::roi_align);
  }
};

void register_once() {
  static const auto* registration = new Registration();  // never destroyed: the dispatcher may be gone by then
  (void)registration;
}

template <class Signature>
c10::TypedOperatorHandle<Signature> find(const char* name) {
  register_once();
  return c10::Dispatcher::singleton().findSchemaOrThrow(name, "").typed<Signature>();
}

}  // namespace

at::Tensor nms(const at::Tensor& boxes_xyxy, const at::Tensor& scores, double iou_threshold) {
  static const auto op = find<Nms>("mimdet::nms");
  return op.call(boxes_xyxy, scores, iou_threshold);
}

at::Tensor nms_survivors(const at::Tensor& boxes_xyxy, const at::Tensor& classes, double iou_threshold) {
  static const auto op = find<NmsSurvivors>("mimdet::nms_survivors");
  return op.call(boxes_xyxy, classes, iou_threshold);
}

at::Tensor roi_align(const at::Tensor& features, const at::Tensor& rois, double spatial_scale, int64_t output_size) {
  static const auto op = find<RoiAlign>("mimdet::roi_align");
  return op.call(features, rois, spatial_scale, output_size);
}

at::Tensor roi_align_backward(const at::Tensor& grad, const at::Tensor& rois, double spatial_scale,
                              at::IntArrayRef feature_shape) {
  static const auto op = find<RoiAlignBackward>("mimdet::roi_align_backward");
  return op.call(grad, rois, spatial_scale, feature_shape);
}

at::Tensor roi_align_levels(at::TensorList features, const at::Tensor& rois, const at::Tensor& levels, at::ArrayRef<double> spatial_scales,
                            int64_t output_size) {
  static const auto op = find<RoiAlignLevels>("mimdet::roi_align_levels");
  return op.call(features, rois, levels, spatial_scales, output_size);
}

bool has_device_kernels(const at::Device& device) {
  static const auto op = find<NormalisePad>("mimdet::normalise_pad");
  return device.is_cuda() && op.hasKernelForDispatchKey(c10::DispatchKey::CUDA);
}

std::tuple<at::Tensor, at::Tensor> paste_changes(const at::Tensor& probabilities, const at::Tensor& boxes_xyxy, int64_t height,
                                                 int64_t width) {
  static const auto op = find<PasteChanges>("mimdet::paste_changes");
  return op.call(probabilities, boxes_xyxy, height, width);
}

void normalise_pad(at::Tensor& planes, const at::Tensor& rgb, at::ArrayRef<double> pixel_mean, at::ArrayRef<double> pixel_std) {
  static const auto op = find<NormalisePad>("mimdet::normalise_pad");
  op.call(planes, rgb, pixel_mean, pixel_std);
}

void adamw_step(at::Tensor& value, at::Tensor& first, at::Tensor& second, const at::Tensor& gradient, at::ArrayRef<double> update) {
  static const auto op = find<AdamwStep>("mimdet::adamw_step");
  op.call(value, first, second, gradient, update);
}

}  // namespace mimdet::dispatch
