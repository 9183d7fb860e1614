// Each fast layer of native/ops and its LibTorch form take turns on the shapes of `base` at 800×1333; the fastest of some rounds counts.
// layers_bench [threads] [rounds] [part of a layer's name]. GFLOP/s are of a direct computation, so a Winograd convolution can pass the processor's peak.
#include <ATen/Parallel.h>
#include <ATen/ops/conv2d.h>
#include <ATen/ops/conv_transpose2d.h>
#include <ATen/ops/gelu.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/randn.h>
#include <c10/core/InferenceMode.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <string>

#include "inference/tensor_memory.h"
#include "ops/attention.h"
#include "ops/conv2d.h"
#include "ops/cpu/kernels.h"
#include "ops/group_norm_gelu.h"
#include "ops/linear.h"

namespace {

using namespace mimdet;
using Work = std::function<at::Tensor()>;

constexpr auto kChannelsLast = at::MemoryFormat::ChannelsLast;
int rounds = 5;
std::string wanted;  // part of a layer's name

double seconds(const Work& work) {
  const auto start = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

double distance(const at::Tensor& a, const at::Tensor& b) {
  const at::Tensor reference = b.to(at::kDouble);
  return a.to(at::kDouble).sub_(reference).norm().item().toDouble() / reference.norm().item().toDouble();
}

void compare(const std::string& name, double operations, const Work& libtorch, const Work& ours) {
  if (name.find(wanted) == std::string::npos) return;
  const double apart = distance(ours(), libtorch());
  double theirs_best = 1e9, ours_best = 1e9;
  for (int i = 0; i < rounds; ++i) {
    theirs_best = std::min(theirs_best, seconds(libtorch));
    ours_best = std::min(ours_best, seconds(ours));
  }
  std::printf("%-28s %8.2f ms %6.1f GFLOP/s  ->  %8.2f ms %6.1f GFLOP/s   %.2f times   %.1e apart\n", name.c_str(), theirs_best * 1e3, operations / theirs_best / 1e9,
              ours_best * 1e3, operations / ours_best / 1e9, theirs_best / ours_best, apart);
}

at::Tensor weights(at::IntArrayRef sizes) { return at::randn(sizes).mul_(0.02); }

void linear(int64_t rows, int64_t in, int64_t out, Activation activation = Activation::kNone) {
  const at::Tensor x = at::randn({rows, in}), weight = weights({out, in}), bias = at::randn({out});
  const PackedLinear packed(weight, bias, activation, weight_form(at::kFloat));
  const bool gelu = activation == Activation::kGelu;
  const auto plain = [&] {
    at::Tensor y = at::linear(x, weight, bias);
    return gelu ? at::gelu_(y) : y;
  };
  compare((gelu ? "linear, gelu " : "linear ") + std::to_string(in) + " -> " + std::to_string(out), 2. * rows * in * out, plain, [&] { return packed(x); });
}

void attend(int64_t length, int64_t heads, int64_t dim, at::ScalarType dtype) {
  const at::Tensor qkv = at::randn({1, length, 3 * heads * dim}).to(dtype);
  compare((dtype == at::kFloat ? "attention " : "bfloat16 attention ") + std::to_string(heads) + " x " + std::to_string(dim), 4. * length * length * heads * dim, [&] { return attention_composite(qkv, heads); },
          [&] { return attention(qkv, heads); });
}

void convolution(const char* name, int64_t pictures, int64_t in, int64_t out, int64_t height, int64_t width, int64_t side, int64_t stride) {
  const at::Tensor x = at::randn({pictures, in, height, width}).contiguous(kChannelsLast), weight = weights({out, in, side, side}).contiguous(kChannelsLast);
  const at::Tensor bias = at::randn({out});
  const PackedConv2d packed(weight, bias, stride, Activation::kNone, weight_form(at::kFloat));
  compare(name, 2. * pictures * (height / stride) * (width / stride) * in * out * side * side, [&] { return at::conv2d(x, weight, bias, stride, side / 2); },
          [&] { return packed(x); });
}

void deconvolution() {
  const at::Tensor x = at::randn({100, 256, 14, 14}).contiguous(kChannelsLast), weight = weights({256, 256, 2, 2}).contiguous(kChannelsLast), bias = at::randn({256});
  const PackedDeconv2x2 packed(weight, bias);
  compare("mask deconvolution", 2. * 100 * 196 * 1024 * 256, [&] { return at::conv_transpose2d(x, weight, bias, 2); }, [&] { return packed(x); });
}

void norm() {
  const at::Tensor x = at::randn({1, 96, 400, 672}).contiguous(kChannelsLast), scale = at::randn({96}), shift = at::randn({96});
  compare("group norm, gelu (per number)", static_cast<double>(x.numel()), [&] { return group_norm_gelu_composite(x, scale, shift, 1e-6); },
          [&] { return group_norm_gelu(x.clone(), scale, shift, 1e-6); });
}

}  // namespace

int main(int count, char** arguments) {
  use_arena_for_tensors();
  const c10::InferenceMode guard;
  at::set_num_threads(count > 1 ? std::atoi(arguments[1]) : 2);
  if (count > 2) rounds = std::atoi(arguments[2]);
  if (count > 3) wanted = arguments[3];
  std::printf("%s kernels, %d threads\n", cpu::kernels() ? cpu::kernels()->name : "no", at::get_num_threads());
  for (const auto [in, out] : {std::pair<int64_t, int64_t>{768, 2304}, {768, 768}, {3072, 768}, {512, 1536}, {2048, 512}}) linear(4200, in, out);
  linear(4200, 768, 3072, Activation::kGelu);
  linear(1000, 12544, 1024);
  for (const at::ScalarType dtype : {at::kFloat, at::kBFloat16}) {
    attend(4200, 12, 64, dtype);
    attend(4200, 16, 32, dtype);
  }
  convolution("stem 3 -> 96, stride 2", 1, 3, 96, 800, 1344, 3, 2);
  convolution("stem 96 -> 192, stride 2", 1, 96, 192, 400, 672, 3, 2);
  convolution("stem 384 -> 768, stride 2", 1, 384, 768, 100, 168, 3, 2);
  convolution("lateral 1x1, 192 -> 256", 1, 192, 256, 200, 336, 1, 1);
  convolution("pyramid 3x3, p2", 1, 256, 256, 200, 336, 3, 1);
  convolution("pyramid 3x3, p4", 1, 256, 256, 50, 84, 3, 1);
  convolution("box head, 1000 of 7x7", 1000, 256, 256, 7, 7, 3, 1);
  convolution("mask head, 100 of 14x14", 100, 256, 256, 14, 14, 3, 1);
  deconvolution();
  norm();
}
