#include "ops/autograd/conv2d_gradients.h"

#include <ATen/ops/convolution_backward.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/zeros.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <vector>

#include "ops/autograd/fast_way.h"
#include "ops/autograd/patch_gradients.h"
#include "ops/conv2d.h"
#include "ops/cpu/partial_sums.h"
#include "ops/cpu/product.h"
#include "ops/cpu/share.h"
#include "ops/cpu/winograd.h"

namespace mimdet::differentiable {
namespace {

constexpr auto kChannelsLast = at::MemoryFormat::ChannelsLast;

/// A pixel of x is reached from 1, 2 or 4 pixels of g, by whether its row and its column are even: four products, each over its
/// own part of the kernel.
at::Tensor input_gradient_stride2(const at::Tensor& g, const at::Tensor& x, const at::Tensor& weight) {
  const cpu::Kernels& k = *cpu::kernels();
  const int64_t out = weight.size(0), in = weight.size(1), height = x.size(2), width = x.size(3), rows = g.size(2),
                columns = g.size(3);
  at::Tensor dx = at::empty_like(x);
  std::array<at::Tensor, 9> taps;  // (out, in) each
  for (int64_t i = 0; i < 9; ++i) taps[i] = packed_columns(weight.select(3, i % 3).select(2, i / 3));
  const float* from = g.const_data_ptr<float>();
  float* to = dx.mutable_data_ptr<float>();
  cpu::share(g.size(0) * height, [&](cpu::Pieces& pieces) {
    for (int64_t line; pieces.take(line);) {
      const int64_t picture = line / height, y = line % height;
      for (int64_t parity = 0; parity < std::min<int64_t>(2, width); ++parity) {
        const int64_t pixels = (width + 1 - parity) / 2;
        bool accumulate = false;
        for (int64_t tap = 0; tap < 9; ++tap) {  // y = 2 · row - 1 + tap / 3, and so in x
          const int64_t dy = y + 1 - tap / 3, shift = (parity + 1 - tap % 3) / 2;
          if (dy % 2 != 0 || (parity + 1 - tap % 3) % 2 != 0 || dy / 2 >= rows || dy < 0) continue;
          const int64_t count = std::min(pixels, columns - shift);  // the last odd column may reach one pixel less
          k.multiply({.a = from + ((picture * rows + dy / 2) * columns + shift) * out,
                      .a_stride = out,
                      .weight = taps[tap].const_data_ptr<float>(),
                      .bias = nullptr,
                      .c = to + (line * width + parity) * in,
                      .c_stride = 2 * in,
                      .rows = count,
                      .depth = out,
                      .columns = in,
                      .accumulate = accumulate});
          if (!accumulate && count < pixels) std::fill_n(to + (line * width + parity + 2 * count) * in, in, 0.f);
          accumulate = true;
        }
      }
    }
  });
  return dx;
}

at::Tensor input_gradient_1x1(const at::Tensor& g, const at::Tensor& x, const at::Tensor& weight) {
  const at::Tensor packed = packed_columns(weight.flatten(1));
  at::Tensor dx = at::empty_like(x);
  cpu::share_product(*cpu::kernels(), {.a = g.const_data_ptr<float>(),
                                       .a_stride = g.size(1),
                                       .weight = packed.const_data_ptr<float>(),
                                       .bias = nullptr,
                                       .c = dx.mutable_data_ptr<float>(),
                                       .c_stride = x.size(1),
                                       .rows = x.numel() / x.size(1),
                                       .depth = g.size(1),
                                       .columns = x.size(1)});
  return dx;
}

at::Tensor weight_gradient_1x1(const at::Tensor& g, const at::Tensor& x) {
  at::Tensor dw = at::zeros({g.size(1), x.size(1), 1, 1}, x.options().memory_format(at::MemoryFormat::Contiguous));
  cpu::share_transposed_product(*cpu::kernels(), {.a = g.const_data_ptr<float>(),
                                                  .a_stride = g.size(1),
                                                  .b = x.const_data_ptr<float>(),
                                                  .b_stride = x.size(1),
                                                  .c = dw.mutable_data_ptr<float>(),
                                                  .c_stride = x.size(1),
                                                  .rows = g.size(1),
                                                  .depth = x.numel() / x.size(1),
                                                  .columns = x.size(1),
                                                  .scratch = nullptr});
  return dw;
}

at::Tensor weight_gradient_winograd(const at::Tensor& g, const at::Tensor& x) {
  at::Tensor dw = at::empty({g.size(1), x.size(1), 3, 3}, x.options().memory_format(at::MemoryFormat::Contiguous));
  cpu::winograd_weight_gradient(*cpu::kernels(), {.x = x.const_data_ptr<float>(),
                                                  .dy = g.const_data_ptr<float>(),
                                                  .dw = dw.mutable_data_ptr<float>(),
                                                  .pictures = x.size(0),
                                                  .height = x.size(2),
                                                  .width = x.size(3),
                                                  .in = x.size(1),
                                                  .out = g.size(1)});
  return dw;
}

at::Tensor weight_gradient_patches(const at::Tensor& g, const at::Tensor& x, int64_t kernel, int64_t stride) {
  const int64_t rows = g.size(2), columns = g.size(3), pad = kernel / 2;
  return patch_weight_gradient(g.const_data_ptr<float>(), g.size(0) * rows * columns, g.size(1), x, kernel, [=](int64_t pixel) {
    return Corner{pixel / (rows * columns), pixel / columns % rows * stride - pad, pixel % columns * stride - pad};
  });
}

bool by_winograd(const at::Tensor& weight, int64_t stride) {
  return weight.size(2) == 3 && stride == 1 && cpu::winograd_fits(*cpu::kernels(), weight.size(1), weight.size(0));
}

}  // namespace

at::Tensor conv2d_input_gradient(const at::Tensor& g, const at::Tensor& x, const at::Tensor& weight, int64_t stride) {
  const int64_t kernel = weight.size(2);
  if (by_winograd(weight, stride)) return PackedConv2d(weight.flip({2, 3}).transpose(0, 1))(g);
  if (kernel == 1 && stride == 1) return input_gradient_1x1(g, x, weight);
  if (kernel == 3 && stride == 2) return input_gradient_stride2(g, x, weight);
  const int64_t pad = kernel / 2;
  return std::get<0>(at::convolution_backward(g, x, weight, at::OptionalIntArrayRef(), {stride, stride}, {pad, pad}, {1, 1},
                                              false, {0, 0}, 1, {true, false, false}))
      .contiguous(kChannelsLast);
}

at::Tensor conv2d_weight_gradient(const at::Tensor& g, const at::Tensor& x, const at::Tensor& weight, int64_t stride) {
  if (by_winograd(weight, stride)) return weight_gradient_winograd(g, x);
  if (weight.size(2) == 1 && stride == 1) return weight_gradient_1x1(g, x);
  return weight_gradient_patches(g, x, weight.size(2), stride);
}

DeconvGradients deconv2x2_gradients(const at::Tensor& g, const at::Tensor& x, const at::Tensor& weight) {
  const cpu::Kernels& k = *cpu::kernels();
  const int64_t in = x.size(1), out = g.size(1), width = x.size(3), pixels = x.numel() / in, depth = 4 * out;
  const at::Tensor packed = packed_columns(weight.permute({2, 3, 1, 0}).reshape({depth, in}));  // (dy, dx, out) by in
  at::Tensor dx = at::empty_like(x);
  const float *gradient = g.const_data_ptr<float>(), *from = x.const_data_ptr<float>();
  float* to = dx.mutable_data_ptr<float>();
  cpu::PartialSums sums((pixels + kRowsATask - 1) / kRowsATask, depth * in);
  sums.run([&](int64_t begin, int64_t end, float* part) {
    std::vector<float> patches(kRowsATask * depth), scratch(k.transposed_scratch);
    for (int64_t first = begin * kRowsATask; first < std::min(end * kRowsATask, pixels); first += kRowsATask) {
      const int64_t count = std::min(kRowsATask, pixels - first);
      for (int64_t i = 0; i < count; ++i)  // the 2×2 pixels that one pixel gave
        for (int64_t dy = 0; dy < 2; ++dy) {
          const int64_t row = (first + i) / width, column = (first + i) % width;
          std::memcpy(patches.data() + i * depth + dy * 2 * out, gradient + ((2 * row + dy) * width + column) * 2 * out,
                      2 * out * sizeof(float));
        }
      k.multiply({.a = patches.data(),
                  .a_stride = depth,
                  .weight = packed.const_data_ptr<float>(),
                  .bias = nullptr,
                  .c = to + first * in,
                  .c_stride = in,
                  .rows = count,
                  .depth = depth,
                  .columns = in});
      k.multiply_transposed({.a = patches.data(),
                             .a_stride = depth,
                             .b = from + first * in,
                             .b_stride = in,
                             .c = part,
                             .c_stride = in,
                             .rows = depth,
                             .depth = count,
                             .columns = in,
                             .scratch = scratch.data()});
    }
  });
  at::Tensor dw = at::empty({2, 2, out, in}, x.options().memory_format(at::MemoryFormat::Contiguous));
  std::copy_n(sums.total(), dw.numel(), dw.mutable_data_ptr<float>());
  return {dx, dw.permute({3, 2, 0, 1}).contiguous()};
}

}  // namespace mimdet::differentiable
