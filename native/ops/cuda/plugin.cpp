// The plugin's host side: memory from PyTorch, the stream that it works on, and the operators of ops/registration.cpp filled in for
// CUDA. Compiled against the headers of any LibTorch: no symbol of its CUDA half is named, only the dispatcher's and c10's.
// Before it: ops/*.cpp, which have checked the arguments. After it: the kernels, through launch.h.
#include <ATen/ops/cumsum.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/zeros.h>
#include <c10/core/DeviceGuard.h>
#include <c10/core/impl/VirtualGuardImpl.h>
#include <torch/library.h>

#include <algorithm>
#include <tuple>
#include <vector>

#include "ops/cuda/adamw_kernel.h"
#include "ops/cuda/launch.h"
#include "ops/cuda/normalise_kernel.h"
#include "ops/cuda/paste_masks_kernel.h"
#include "ops/cuda/roi_align_kernel.h"

namespace mimdet::cuda {
namespace {

constexpr auto kChannelsLast = at::MemoryFormat::ChannelsLast;
constexpr int64_t kSlab = 4096;  // rows of NMS at once: bounds the memory of their bits

void* stream_of(const at::Tensor& tensor) {
  const c10::impl::VirtualGuardImpl device(at::kCUDA);
  return device.getStreamNativeHandle(device.getStream(tensor.device()));
}

void require_started(int error) { TORCH_CHECK(error == 0, "CUDA: ", error_text(error)); }

/// A kernel reads what lies on its own device, and in order.
void require_on(const at::Tensor& where, const at::Tensor& tensor) {
  TORCH_CHECK(tensor.device() == where.device(), "CUDA: an argument lies on ", tensor.device(), ", another on ", where.device());
  TORCH_CHECK(tensor.is_contiguous(), "CUDA: an argument does not lie in one piece");
}

template <class Work>
void start(const Work& work, int64_t count, const at::Tensor& where) {
  require_started(launch(work, count, stream_of(where)));
}

// ---- NMS

template <class T>
at::Tensor survivors(const at::Tensor& boxes, const at::Tensor& classes, double iou_threshold) {
  const int64_t pictures = boxes.size(0), count = boxes.size(1), words = (count + kGroup - 1) / kGroup;
  const auto bits_of = boxes.options().dtype(at::kLong);
  const at::Tensor bits = at::empty({pictures * std::min(kSlab, count) * words}, bits_of);
  const at::Tensor removed = at::zeros({pictures, words}, bits_of), kept = at::empty({pictures, words}, bits_of);
  const auto words_of = [](const at::Tensor& tensor) { return static_cast<uint64_t*>(tensor.data_ptr()); };
  for (int64_t first = 0; first < count; first += kSlab) {
    const int64_t rows = std::min(kSlab, count - first);
    start(NmsOverlaps<T>{boxes.const_data_ptr<T>(), classes.const_data_ptr<int64_t>(), count, words, first, rows, iou_threshold, words_of(bits)},
          pictures * rows * words, boxes);
    require_started(launch_walks({words_of(bits), words, first, rows, words_of(removed), words_of(kept)}, pictures, stream_of(boxes)));
  }
  const at::Tensor survives = at::empty({pictures, count}, boxes.options().dtype(at::kBool));
  start(NmsSurvivors{words_of(kept), count, words, survives.data_ptr<bool>()}, survives.numel(), boxes);
  return survives;
}

at::Tensor nms_survivors(const at::Tensor& boxes_xyxy, const at::Tensor& classes, double iou_threshold) {
  const c10::DeviceGuard on_device(boxes_xyxy.device());
  const at::Tensor boxes = boxes_xyxy.contiguous(), groups = classes.contiguous();
  require_on(boxes, groups);
  if (groups.numel() == 0) return at::empty(groups.sizes(), groups.options().dtype(at::kBool));
  return boxes.scalar_type() == at::kFloat ? survivors<float>(boxes, groups, iou_threshold) : survivors<double>(boxes, groups, iou_threshold);
}

// ---- ROIAlign

template <class T>
Rois<T> rois_of(const at::Tensor& rois, double spatial_scale, at::IntArrayRef map, int64_t bins) {
  return {rois.const_data_ptr<T>(), static_cast<T>(spatial_scale), map[0], map[1], map[2], map[3], bins};
}

template <class Stored, class T>
void pool(const at::Tensor& maps, const at::Tensor& rois, double spatial_scale, at::Tensor& pooled) {
  const at::Tensor boxes = rois.to(c10::CppTypeToScalarType<T>::value).contiguous();
  require_on(maps, boxes);
  start(RoiAlign<Stored, T>{rois_of<T>(boxes, spatial_scale, maps.sizes(), pooled.size(2)),
                            static_cast<const Stored*>(maps.const_data_ptr()), static_cast<Stored*>(pooled.data_ptr())},
        pooled.numel(), maps);
}

at::Tensor roi_align(const at::Tensor& features, const at::Tensor& rois, double spatial_scale, int64_t output_size) {
  const c10::DeviceGuard on_device(features.device());
  // float16 goes through float32; bfloat16 is read as it is.
  const at::Tensor maps = (features.scalar_type() == at::kHalf ? features.to(at::kFloat) : features).contiguous(kChannelsLast);
  at::Tensor pooled = at::empty({rois.size(0), maps.size(1), output_size, output_size}, maps.options(), kChannelsLast);
  if (maps.numel() == 0) pooled.zero_();
  else if (maps.scalar_type() == at::kDouble) pool<double, double>(maps, rois, spatial_scale, pooled);
  else if (maps.scalar_type() == at::kBFloat16) pool<Bfloat16, float>(maps, rois, spatial_scale, pooled);
  else pool<float, float>(maps, rois, spatial_scale, pooled);
  return pooled.to(features.scalar_type()).contiguous(features.suggest_memory_format());
}

template <class Stored, class T>
void pool_levels(const std::vector<at::Tensor>& maps, const at::Tensor& rois, const at::Tensor& levels, at::ArrayRef<double> spatial_scales,
                 at::Tensor& pooled) {
  const at::Tensor boxes = rois.to(c10::CppTypeToScalarType<T>::value).contiguous();
  require_on(maps[0], boxes);
  require_on(maps[0], levels);
  RoiAlignLevels<Stored, T> work{boxes.const_data_ptr<T>(), levels.const_data_ptr<int64_t>(), maps[0].size(0), maps[0].size(1), pooled.size(2),
                                 std::ssize(maps), {},
                                 static_cast<Stored*>(pooled.data_ptr())};
  for (size_t i = 0; i < maps.size(); ++i)
    work.maps[i] = {static_cast<const Stored*>(maps[i].const_data_ptr()), static_cast<T>(spatial_scales[i]), maps[i].size(2), maps[i].size(3)};
  start(work, pooled.numel(), maps[0]);
}

at::Tensor roi_align_levels(at::TensorList features, const at::Tensor& rois, const at::Tensor& levels, at::ArrayRef<double> spatial_scales,
                            int64_t output_size) {
  TORCH_CHECK(!features.empty() && std::ssize(features) <= kMostLevels && features.size() == spatial_scales.size(),
              "CUDA: expected 1 to ", kMostLevels, " maps, with a scale each");
  const c10::DeviceGuard on_device(rois.device());
  const at::ScalarType type = features[0].scalar_type();
  std::vector<at::Tensor> maps;  // float16 goes through float32; bfloat16 is read as it is
  for (const at::Tensor& map : features) maps.push_back((type == at::kHalf ? map.to(at::kFloat) : map).contiguous(kChannelsLast));
  at::Tensor pooled = at::empty({rois.size(0), maps[0].size(1), output_size, output_size}, maps[0].options(), kChannelsLast);
  const at::Tensor places = levels.contiguous();
  if (type == at::kDouble) pool_levels<double, double>(maps, rois, places, spatial_scales, pooled);
  else if (type == at::kBFloat16) pool_levels<Bfloat16, float>(maps, rois, places, spatial_scales, pooled);
  else pool_levels<float, float>(maps, rois, places, spatial_scales, pooled);
  return pooled.to(type);
}

template <class T>
void spread(const at::Tensor& grads, const at::Tensor& rois, double spatial_scale, at::Tensor& maps) {
  start(RoiAlignBackward<T>{rois_of<T>(rois, spatial_scale, maps.sizes(), grads.size(2)), grads.const_data_ptr<T>(),
                            maps.data_ptr<T>()},
        grads.numel(), grads);
}

at::Tensor roi_align_backward(const at::Tensor& grad, const at::Tensor& rois, double spatial_scale, at::IntArrayRef map) {
  const c10::DeviceGuard on_device(grad.device());
  const at::ScalarType type = grad.scalar_type() == at::kDouble ? at::kDouble : at::kFloat;  // half types are summed in float32
  const at::Tensor grads = grad.to(type).contiguous(kChannelsLast), boxes = rois.to(type).contiguous();
  at::Tensor maps = at::empty(map, grads.options(), kChannelsLast).zero_();
  if (maps.numel() == 0) return maps.to(grad.scalar_type());
  require_on(grads, boxes);
  if (type == at::kDouble) spread<double>(grads, boxes, spatial_scale, maps);
  else spread<float>(grads, boxes, spatial_scale, maps);
  return maps.to(grad.scalar_type());
}

// ---- pictures and masks

// (places, behind): every mask's changes one after the other, and where each mask's end. The host waits once, for their number.
std::tuple<at::Tensor, at::Tensor> paste_changes(const at::Tensor& probabilities, const at::Tensor& boxes_xyxy, int64_t height,
                                                 int64_t width) {
  const c10::DeviceGuard on_device(probabilities.device());
  const at::Tensor masks = probabilities.to(at::kFloat).contiguous(), boxes = boxes_xyxy.to(at::kFloat).contiguous();
  require_on(masks, boxes);
  const PasteMasks paste{masks.const_data_ptr<float>(), boxes.const_data_ptr<float>(), masks.size(1), height, width};
  const at::Tensor counts = at::empty({masks.size(0), width}, masks.options().dtype(at::kLong));
  start(CountChanges{paste, counts.data_ptr<int64_t>()}, counts.numel(), masks);
  const at::Tensor behind = at::cumsum(counts.view(-1), 0);
  const at::Tensor behind_mask = behind.view(counts.sizes()).select(1, width - 1).to(at::kCPU);
  const int64_t total = behind_mask.numel() == 0 ? 0 : behind_mask.const_data_ptr<int64_t>()[behind_mask.numel() - 1];
  const at::Tensor places = at::empty({total}, counts.options());
  start(WriteChanges{paste, counts.const_data_ptr<int64_t>(), behind.const_data_ptr<int64_t>(), places.data_ptr<int64_t>()},
        counts.numel(), masks);
  return {places.to(at::kCPU), behind_mask.contiguous()};
}

void normalise_pad(at::Tensor& planes, const at::Tensor& rgb, at::ArrayRef<double> pixel_mean,
                   at::ArrayRef<double> pixel_std) {
  const c10::DeviceGuard on_device(planes.device());
  require_on(planes, planes);
  require_on(planes, rgb);
  NormalisePicture work{rgb.const_data_ptr<uint8_t>(), rgb.size(0), rgb.size(1), planes.size(1), planes.size(2), {}, {},
                        planes.data_ptr<float>()};
  std::copy_n(pixel_mean.begin(), 3, work.mean);
  std::copy_n(pixel_std.begin(), 3, work.std);
  start(work, planes.numel(), planes);
}

// ---- training

void adamw_step(at::Tensor& value, at::Tensor& first, at::Tensor& second, const at::Tensor& gradient, at::ArrayRef<double> update) {
  const c10::DeviceGuard on_device(value.device());
  for (const at::Tensor& each : {value, first, second, gradient}) {
    require_on(value, each);
    TORCH_CHECK(each.scalar_type() == at::kFloat && each.numel() == value.numel(), "CUDA: expected as many float32 numbers as `value` has");
  }
  TORCH_CHECK(update.size() == 8, "CUDA: expected the 8 numbers of an update");
  const auto number = [&](size_t i) { return static_cast<float>(update[i]); };
  start(AdamwStep{{number(0), number(1), number(2), number(3), number(4), number(5), number(6), number(7)},
                  gradient.const_data_ptr<float>(), value.data_ptr<float>(), first.data_ptr<float>(), second.data_ptr<float>()},
        value.numel(), value);
}

// ---- the way in

/// Never destroyed: what is filled in stays until the process ends.
void fill_in() {
  auto& library = *new torch::Library(torch::Library::IMPL, "mimdet", c10::DispatchKey::CUDA, __FILE__, __LINE__);
  library.impl("nms_survivors", &nms_survivors);
  library.impl("roi_align", &roi_align);
  library.impl("roi_align_levels", &roi_align_levels);
  library.impl("roi_align_backward", &roi_align_backward);
  library.impl("paste_changes", &paste_changes);
  library.impl("normalise_pad", &normalise_pad);
  library.impl("adamw_step", &adamw_step);
}

}  // namespace
}  // namespace mimdet::cuda

/// Fills the operators in where the kernels can run on the GPUs of this machine; elsewhere LibTorch's forms of them stay.
/// @returns null, or why not: a driver that is older than the CUDA that this was built with, a GPU that it was not built for
extern "C" __attribute__((visibility("default"))) const char* mimdet_cuda_fill_in() {
  const int devices = static_cast<int>(c10::impl::VirtualGuardImpl(at::kCUDA).deviceCount());
  for (int device = 0; device < devices; ++device) {
    const c10::DeviceGuard on_device(at::Device(at::kCUDA, static_cast<c10::DeviceIndex>(device)));
    if (const int error = mimdet::cuda::try_kernels(); error != 0) return mimdet::cuda::error_text(error);
  }
  mimdet::cuda::fill_in();
  return nullptr;
}
