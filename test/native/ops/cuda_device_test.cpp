// The operators on a GPU with the plugin loaded, against the same forms made of LibTorch calls, on the CPU. Skipped where there is no GPU.
#include <ATen/TensorOperators.h>
#include <ATen/core/grad_mode.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/zeros.h>

#include <dlfcn.h>

#include <filesystem>

#include "check.h"
#include "image/preprocess.h"
#include "inference/device.h"
#include "model/roi_pooler.h"
#include "ops/cuda/adamw_kernel.h"
#include "ops/host_grid.h"
#include "ops/kernels.h"
#include "ops/nms.h"
#include "ops/paste_masks.h"
#include "ops/registration.h"
#include "ops/roi_align.h"
#include "ops/stored_tensors.h"

using namespace mimdet;

namespace {

bool skipped() {
  if (device_names().size() > 1) return false;
  test::report_skip("no GPU");
  return true;
}

at::Device gpu() { return resolve_device("cuda"); }

at::Tensor random_rois(int64_t count, double extent, uint64_t seed) {
  const at::Tensor picture = test::random_tensor({count, 1}, 0, 2, seed + 7, at::kDouble).floor();
  const at::Tensor boxes = test::random_boxes(count, extent, seed, at::kDouble);
  return at::cat({picture, boxes + test::random_tensor({count, 1}, -extent / 2, extent / 2, seed + 8, at::kDouble)}, 1);
}

}  // namespace

TEST("cuda plugin: it opens on any machine, fills nothing in by itself, and has its one way in") {
  const std::filesystem::path plugin = std::filesystem::read_symlink("/proc/self/exe").parent_path() / "mimdet_cuda.so";
  if (!std::filesystem::exists(plugin)) return test::report_skip("built without nvcc");
  const auto is_filled_in = [] {
    const auto nms = c10::Dispatcher::singleton().findOp({"mimdet::nms_survivors", ""});
    return nms && nms->hasKernelForDispatchKey(c10::DispatchKey::CUDA);
  };
  const bool before = is_filled_in();
  void* const library = dlopen(plugin.c_str(), RTLD_NOW);
  CHECK(library && dlsym(library, "mimdet_cuda_fill_in"));
  CHECK_EQUAL(is_filled_in(), before);
}

TEST("cuda plugin: where there is no GPU, that is why its kernels do not run") {
  if (device_names().size() > 1) return test::report_skip("a GPU");
  CHECK_EQUAL(cuda_kernels_problem(), "there is no GPU");
}

TEST("cuda device: our kernels are those that run") {
  if (skipped()) return;
  gpu();
  for (const char* name : {"mimdet::nms_survivors", "mimdet::roi_align_levels", "mimdet::roi_align", "mimdet::roi_align_backward", "mimdet::paste_changes", "mimdet::normalise_pad", "mimdet::adamw_step"})
    CHECK(c10::Dispatcher::singleton().findSchemaOrThrow(name, "").hasKernelForDispatchKey(c10::DispatchKey::CUDA));
}

TEST("cuda device: nms keeps the boxes of the form of LibTorch calls, few and many") {
  if (skipped()) return;
  for (const at::ScalarType type : {at::kFloat, at::kDouble})
    for (const int64_t count : {1, 64, 300, 5'000, 30'000}) {
      const at::Tensor boxes = test::random_boxes(count, 1000, count, type);
      const at::Tensor scores = test::random_tensor({count}, 0, 1000, 9, type).floor();
      const at::Tensor expected = composite::nms(boxes, scores, 0.5);
      CHECK(at::equal(nms(boxes.to(gpu()), scores.to(gpu()), 0.5).cpu(), expected));
      CHECK(at::equal(nms(boxes.to(gpu()).t().contiguous().t(), scores.to(gpu()), 0.5).cpu(), expected));  // strided
    }
  CHECK_EQUAL(nms(at::empty({0, 4}).to(gpu()), at::empty({0}).to(gpu()), 0.5).numel(), 0);
}

TEST("cuda device: roi_align and its gradient, every type, strided, empty and large") {
  if (skipped()) return;
  for (const auto& [type, tolerance] : {std::pair{at::kDouble, 1e-12}, {at::kFloat, 1e-5}, {at::kHalf, 1e-3}, {at::kBFloat16, 8e-3}})
    for (const int64_t channels : {3, 256}) {
      const at::Tensor features = test::random_tensor({2, channels, 50, 84}, -1, 1, channels).to(type);
      const at::Tensor rois = random_rois(200, 84 * 16, channels).to(type == at::kDouble ? at::kDouble : at::kFloat);
      const at::Tensor on_device = features.to(gpu()), boxes = rois.to(gpu());
      const at::Tensor expected = composite::roi_align(features, rois, 1.0 / 16, 7);
      CHECK(test::relative_error(roi_align(on_device, boxes, 1.0 / 16, 7).cpu(), expected) <= tolerance);
      CHECK(test::relative_error(roi_align(on_device.slice(3, 1, 84, 2), boxes, 1.0 / 32, 7).cpu(),
                                 composite::roi_align(features.slice(3, 1, 84, 2), rois, 1.0 / 32, 7)) <= tolerance);
      CHECK(test::relative_error(dispatch::roi_align_backward(expected.to(gpu()), boxes, 1.0 / 16, features.sizes()).cpu(),
                                 composite::roi_align_backward(expected, rois, 1.0 / 16, features.sizes())) <= tolerance);
    }
  CHECK(roi_align(at::zeros({1, 4, 5, 5}).to(gpu()), at::zeros({0, 5}).to(gpu()), 1, 7).sizes() == at::IntArrayRef({0, 4, 7, 7}));
}

TEST("cuda device: masks are pasted to the runs of the CPU") {
  if (skipped()) return;
  for (const int64_t count : {0, 1, 300}) {
    const at::Tensor masks = test::random_tensor({count, 28, 28}, 0, 1, 1), boxes = test::random_boxes(count, 1300, 2) - 50;
    CHECK(paste_masks(masks.to(gpu()), boxes.to(gpu()), {800, 1333}) == paste_masks(masks, boxes, {800, 1333}));
  }
}

TEST("cuda device: pictures are normalised to the bits of the CPU") {
  if (skipped()) return;
  const std::vector<uint8_t> bytes(3 * 500 * 700, 77);
  const std::vector<ImageView> pictures = {{bytes.data(), {500, 700}}, {bytes.data(), {700, 490}}};
  CHECK(at::equal(preprocess(pictures, ModelConfig{}, gpu()).pixels.cpu(), preprocess(pictures, ModelConfig{}, at::kCPU).pixels));
}

TEST("cuda device: boxes of many pictures and classes, and boxes of all levels, without a wait for each") {
  if (skipped()) return;
  const at::Tensor boxes = test::random_boxes(6'000, 600, 3, at::kFloat).view({3, 2'000, 4});
  const at::Tensor classes = test::random_tensor({3, 2'000}, 0, 5, 4, at::kFloat).to(at::kLong);
  CHECK(at::equal(nms_survivors(boxes.to(gpu()), classes.to(gpu()), 0.5).cpu(), composite::nms_survivors(boxes, classes, 0.5)));
  const at::NoGradGuard no_grad;
  Pyramid pyramid, on_device;
  for (int64_t level = 0; level < 5; ++level) {
    pyramid.at(level) = test::random_tensor({1, 16, 200 >> level, 260 >> level}, -1, 1, level, at::kFloat);
    on_device.at(level) = pyramid.at(level).to(gpu());
  }
  const at::Tensor rois = test::random_boxes(500, 900, 6, at::kFloat);
  CHECK(test::relative_error(pool_rois(on_device, {rois.to(gpu())}, 7).cpu(), pool_rois(pyramid, {rois}, 7)) <= 1e-5);
}

TEST("cuda device: a step of AdamW is the CPU's") {
  if (skipped()) return;
  const auto numbers = [](double low, double high, uint64_t seed) { return test::random_tensor({70'000}, low, high, seed, at::kFloat); };
  const at::Tensor gradient = numbers(-1, 1, 1), value = numbers(-1, 1, 2), first = numbers(-0.1, 0.1, 3), second = numbers(0, 0.1, 4);
  at::Tensor on_device[] = {value.to(gpu()), first.to(gpu()), second.to(gpu())};
  dispatch::adamw_step(on_device[0], on_device[1], on_device[2], gradient.to(gpu()), {{0.5, 0.99, 0.1, 0.999, 0.001, 0.01, 0.3, 1e-8}});
  test::run_grid(cuda::AdamwStep{{0.5f, 0.99f, 0.1f, 0.999f, 0.001f, 0.01f, 0.3f, 1e-8f}, gradient.const_data_ptr<float>(), value.data_ptr<float>(),
                                 first.data_ptr<float>(), second.data_ptr<float>()},
                 value.numel());
  CHECK(test::relative_error(on_device[0].cpu(), value) <= 1e-6);
  CHECK(test::relative_error(on_device[1].cpu(), first) <= 1e-6);
  CHECK(test::relative_error(on_device[2].cpu(), second) <= 1e-6);
}
