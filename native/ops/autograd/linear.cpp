#include "ops/autograd/linear.h"

#include <ATen/Parallel.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/zeros.h>
#include <torch/csrc/autograd/custom_function.h>

#include <vector>

#include "ops/autograd/fast_way.h"
#include "ops/cpu/norm_passes.h"
#include "ops/cpu/product.h"

namespace mimdet::differentiable {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

constexpr int64_t kGeluGrain = 8192;

at::Tensor gelu_of(const at::Tensor& z) {
  at::Tensor y = at::empty_like(z);
  at::parallel_for(0, z.numel(), kGeluGrain,
                   [&, from = z.const_data_ptr<float>(), to = y.mutable_data_ptr<float>()](int64_t begin, int64_t end) {
                     cpu::kernels()->gelu(from + begin, to + begin, end - begin);
                   });
  return y;
}

at::Tensor through_gelu(const at::Tensor& z, const at::Tensor& dy) {
  at::Tensor dz = at::empty_like(z);
  const float *before = z.const_data_ptr<float>(), *gradient = dy.const_data_ptr<float>();
  float* to = dz.mutable_data_ptr<float>();
  at::parallel_for(0, z.numel(), kGeluGrain, [&](int64_t begin, int64_t end) {
    cpu::kernels()->gelu_gradient(before + begin, gradient + begin, to + begin, end - begin);
  });
  return dz;
}

/// g · W.
at::Tensor gradient_of_input(const at::Tensor& g, const at::Tensor& weight, at::IntArrayRef sizes) {
  const cpu::Kernels& k = *cpu::kernels();
  const int64_t out = weight.size(0), in = weight.size(1);
  const at::Tensor packed = packed_columns(weight);
  at::Tensor dx = at::empty(sizes, g.options());
  cpu::share_product(k, {.a = g.const_data_ptr<float>(),
                         .a_stride = out,
                         .weight = packed.const_data_ptr<float>(),
                         .bias = nullptr,
                         .c = dx.mutable_data_ptr<float>(),
                         .c_stride = in,
                         .rows = g.numel() / out,
                         .depth = out,
                         .columns = in});
  return dx;
}

/// gᵀ · x.
at::Tensor gradient_of_weight(const at::Tensor& g, const at::Tensor& x, const at::Tensor& weight) {
  const int64_t out = weight.size(0), in = weight.size(1);
  at::Tensor dw = at::zeros({out, in}, g.options());
  cpu::share_transposed_product(*cpu::kernels(), {.a = g.const_data_ptr<float>(),
                                                  .a_stride = out,
                                                  .b = x.const_data_ptr<float>(),
                                                  .b_stride = in,
                                                  .c = dw.mutable_data_ptr<float>(),
                                                  .c_stride = in,
                                                  .rows = out,
                                                  .depth = g.numel() / out,
                                                  .columns = in,
                                                  .scratch = nullptr});
  return dw;
}

class Linear : public torch::autograd::Function<Linear> {
 public:
  static at::Tensor forward(AutogradContext* context, const at::Tensor& x, const at::Tensor& weight, const OptionalTensor& bias,
                            int64_t activation) {
    const auto act = static_cast<Activation>(activation);
    const bool gelu = act == Activation::kGelu;
    const at::Tensor rows = x.contiguous();
    const at::Tensor z = PackedLinear(weight, bias.value_or(at::Tensor()), gelu ? Activation::kNone : act)(rows);
    context->saved_data["activation"] = activation;
    context->saved_data["bias"] = bias.has_value();
    context->save_for_backward({rows, weight, act == Activation::kNone ? at::Tensor() : z});
    return gelu ? gelu_of(z) : z;
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const variable_list saved = context->get_saved_variables();
    const at::Tensor &x = saved[0], &weight = saved[1], &z = saved[2];
    const auto activation = static_cast<Activation>(context->saved_data["activation"].toInt());
    const bool wants_bias = context->saved_data["bias"].toBool() && context->needs_input_grad(2);
    const int64_t out = weight.size(0), rows = gradients[0].numel() / std::max<int64_t>(out, 1);
    at::Tensor g = gradients[0].contiguous(), db;
    if (activation == Activation::kGelu) g = through_gelu(z, g);
    const bool relu = activation == Activation::kRelu;
    if (relu || wants_bias) {
      const at::Tensor masked = relu ? at::empty_like(g) : at::Tensor();
      const auto sums = cpu::gradients_behind(*cpu::kernels(), (relu ? z : g).const_data_ptr<float>(), g.const_data_ptr<float>(),
                                              relu ? masked.mutable_data_ptr<float>() : nullptr, rows, out,
                                              relu ? activation : Activation::kNone);
      if (wants_bias) db = float_tensor(sums, g);
      if (relu) g = masked;
    }
    return {context->needs_input_grad(0) ? gradient_of_input(g, weight, x.sizes()) : at::Tensor(),
            context->needs_input_grad(1) ? gradient_of_weight(g, x, weight) : at::Tensor(), db, at::Tensor()};
  }
};

}  // namespace

at::Tensor linear(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias, Activation activation) {
  if (!has_fast_way(x, weight) || x.numel() == 0) return activated(at::linear(x, weight, bias), activation);
  return Linear::apply(x, weight, if_defined(bias), static_cast<int64_t>(activation));
}

}  // namespace mimdet::differentiable
