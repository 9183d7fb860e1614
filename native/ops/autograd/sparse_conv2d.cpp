#include "ops/autograd/sparse_conv2d.h"

#include <ATen/Parallel.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/zeros_like.h>

#include <algorithm>
#include <cstring>

#include "ops/autograd/fast_way.h"
#include "ops/autograd/patch_gradients.h"
#include "ops/cpu/product.h"

namespace mimdet::differentiable {
namespace {

constexpr int64_t kDenseFrom = 4;  // a quarter of the pixels: there Winograd's transform is as fast

/// The rows of g at the pixels, one after the other.
at::Tensor gathered(const at::Tensor& g, const std::vector<int64_t>& pixels) {
  const int64_t channels = g.size(1), count = static_cast<int64_t>(pixels.size());
  at::Tensor rows = at::empty({count, channels}, g.options().memory_format(at::MemoryFormat::Contiguous));
  for (int64_t i = 0; i < count; ++i)
    std::memcpy(rows.mutable_data_ptr<float>() + i * channels, g.const_data_ptr<float>() + pixels[i] * channels, channels * sizeof(float));
  return rows;
}

Corner corner(int64_t pixel, const at::Tensor& x, int64_t kernel) {
  const int64_t height = x.size(2), width = x.size(3);
  return {pixel / (height * width), pixel / width % height - kernel / 2, pixel % width - kernel / 2};
}

/// Adds the k × k pixels of a patch to where they came from; lay_out_patch's adjoint.
void add_patch(const float* patch, const Corner& at, int64_t kernel, const at::Tensor& dx, float* to) {
  const int64_t channels = dx.size(1), height = dx.size(2), width = dx.size(3);
  for (int64_t row = at.y; row < at.y + kernel; ++row)
    for (int64_t column = at.x; column < at.x + kernel; ++column, patch += channels) {
      if (row < 0 || row >= height || column < 0 || column >= width) continue;
      float* pixel = to + ((at.picture * height + row) * width + column) * channels;
      for (int64_t c = 0; c < channels; ++c) pixel[c] += patch[c];
    }
}

/// What each pixel of g gives to the k × k pixels under it: (pixels, k · k · in).
at::Tensor patch_gradients(const at::Tensor& rows, const at::Tensor& weight) {
  const cpu::Kernels& k = *cpu::kernels();
  const int64_t out = weight.size(0);
  const at::Tensor columns = weight.permute({0, 2, 3, 1}).reshape({out, -1}), packed = packed_columns(columns);
  const int64_t depth = columns.size(1);
  at::Tensor patches = at::empty({rows.size(0), depth}, rows.options());
  cpu::share_product(k, {.a = rows.const_data_ptr<float>(), .a_stride = out, .weight = packed.const_data_ptr<float>(), .bias = nullptr,
                         .c = patches.mutable_data_ptr<float>(), .c_stride = depth, .rows = rows.size(0), .depth = out, .columns = depth});
  return patches;
}

}  // namespace

std::optional<std::vector<int64_t>> sparse_pixels(const at::Tensor& g) {
  const int64_t channels = g.size(1), count = g.numel() / channels;
  const float* values = g.const_data_ptr<float>();
  std::vector<int64_t> pixels;
  for (int64_t i = 0; i < count; ++i) {
    const float* pixel = values + i * channels;
    if (std::all_of(pixel, pixel + channels, [](float value) { return value == 0; })) continue;
    pixels.push_back(i);
    if (static_cast<int64_t>(pixels.size()) * kDenseFrom > count) return std::nullopt;
  }
  return pixels;
}

at::Tensor sparse_input_gradient(const at::Tensor& g, const std::vector<int64_t>& pixels, const at::Tensor& x, const at::Tensor& weight) {
  at::Tensor dx = at::zeros_like(x);
  if (pixels.empty()) return dx;
  const at::Tensor patches = patch_gradients(gathered(g, pixels), weight);
  const int64_t kernel = weight.size(2), depth = patches.size(1), per_picture = x.size(2) * x.size(3);
  float* to = dx.mutable_data_ptr<float>();
  at::parallel_for(0, x.size(0), 1, [&](int64_t begin, int64_t end) {  // patches overlap: those of one picture are added by one thread
    const auto first = std::lower_bound(pixels.begin(), pixels.end(), begin * per_picture);
    for (auto pixel = first; pixel != pixels.end() && *pixel < end * per_picture; ++pixel)
      add_patch(patches.const_data_ptr<float>() + (pixel - pixels.begin()) * depth, corner(*pixel, x, kernel), kernel, dx, to);
  });
  return dx;
}

at::Tensor sparse_weight_gradient(const at::Tensor& g, const std::vector<int64_t>& pixels, const at::Tensor& x, const at::Tensor& weight) {
  const at::Tensor rows = gathered(g, pixels);
  const int64_t kernel = weight.size(2);
  return patch_weight_gradient(rows.const_data_ptr<float>(), rows.size(0), weight.size(0), x, kernel,
                               [&](int64_t i) { return corner(pixels[i], x, kernel); });
}

}  // namespace mimdet::differentiable
