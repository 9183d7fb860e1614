// See adamw.h.
#include "train/adamw.h"

#include <ATen/Parallel.h>
#include <ATen/ops/zeros_like.h>
#include <c10/core/GradMode.h>

#include <algorithm>
#include <cmath>

#include "base/cpu_clones.h"
#include "ops/cuda/adamw_kernel.h"
#include "ops/registration.h"

namespace mimdet {
namespace {

constexpr int64_t kBlock = 1 << 14;  // fixed, so that no number's arithmetic depends on the number of threads

using Update = cuda::AdamwUpdate;

Update make_update(const OptimizerOptions& options, const OptimizerEntry& entry, double lr, double gradient_scale) {
  const double lr_here = lr * entry.group.lr_factor, steps = static_cast<double>(entry.steps);
  const double first_correction = 1 - std::pow(options.beta1, steps), second_correction = 1 - std::pow(options.beta2, steps);
  return {.scale = static_cast<float>(gradient_scale),
          .keep = static_cast<float>(1 - lr_here * entry.group.weight_decay),
          .beta1_rest = static_cast<float>(1 - options.beta1),
          .beta2 = static_cast<float>(options.beta2),
          .beta2_rest = static_cast<float>(1 - options.beta2),
          .step_size = static_cast<float>(lr_here / first_correction),
          .root_correction = static_cast<float>(std::sqrt(second_correction)),
          .eps = static_cast<float>(options.eps)};
}

MIMDET_CPU_CLONES void update_block(const Update& u, const float* __restrict gradient, float* __restrict value, float* __restrict first,
                  float* __restrict second, int64_t count) {
  for (int64_t i = 0; i < count; ++i) cuda::update_number(u, gradient[i], value[i], first[i], second[i]);
}

void update_on_cpu(const Update& u, const at::Tensor& gradient, OptimizerEntry& entry) {
  const float* g = gradient.const_data_ptr<float>();
  float *value = entry.value.mutable_data_ptr<float>(), *first = entry.first.mutable_data_ptr<float>(),
        *second = entry.second.mutable_data_ptr<float>();
  const int64_t count = gradient.numel(), blocks = (count + kBlock - 1) / kBlock;
  at::parallel_for(0, blocks, 2, [&](int64_t begin, int64_t end) {
    for (int64_t at = begin * kBlock; at < std::min(end * kBlock, count); at += kBlock)
      update_block(u, g + at, value + at, first + at, second + at, std::min(kBlock, count - at));
  });
}

void update_on_device(const Update& u, const at::Tensor& gradient, OptimizerEntry& entry) {
  dispatch::adamw_step(entry.value, entry.first, entry.second, gradient, {{u.scale, u.keep, u.beta1_rest, u.beta2, u.beta2_rest, u.step_size, u.root_correction, u.eps}});
}

/// The same made of LibTorch calls, for any device.
void update_anywhere(const Update& u, const at::Tensor& gradient, OptimizerEntry& entry) {
  const at::Tensor g = gradient * u.scale;
  entry.first.add_(g - entry.first, u.beta1_rest);
  entry.second.mul_(u.beta2).addcmul_(g, g, u.beta2_rest);
  entry.value.mul_(u.keep).addcdiv_(entry.first, entry.second.sqrt().div_(u.root_correction).add_(u.eps), -u.step_size);
}

}  // namespace

AdamW::AdamW(const Parameters& parameters, const OptimizerOptions& options, int64_t encoder_depth) : options_(options) {
  const c10::AutoGradMode no_gradients(false);
  for (const TrainingTensor& tensor : parameters.trainable()) {
    const at::Tensor value = tensor.value.detach();
    entries_.push_back({tensor.name, tensor.value, at::zeros_like(value), at::zeros_like(value), 0,
                        param_group(tensor.name, value.sizes().vec(), options, encoder_depth)});
  }
}

void AdamW::step(double lr_factor, double gradient_scale) {
  const c10::AutoGradMode no_gradients(false);
  for (OptimizerEntry& entry : entries_) {
    const at::Tensor& gradient = entry.value.grad();
    if (!gradient.defined()) continue;
    ++entry.steps;
    const Update update = make_update(options_, entry, options_.lr * lr_factor, gradient_scale);
    if (entry.value.device().is_cpu()) update_on_cpu(update, gradient.contiguous(), entry);
    else if (dispatch::has_device_kernels(entry.value.device())) update_on_device(update, gradient.contiguous(), entry);
    else update_anywhere(update, gradient, entry);
  }
}

}  // namespace mimdet
