#include "train/recompute.h"

#include <torch/csrc/autograd/autograd.h>
#include <torch/csrc/autograd/custom_function.h>

#include "train/mixed_precision.h"

namespace mimdet::train {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

/// What the part needs to run again just as it ran; the context keeps plain values only, so it travels in a holder.
struct Rerun : torch::CustomClassHolder {
  NetworkPart part;
  at::ScalarType precision = at::kFloat;
};

struct Recompute : torch::autograd::Function<Recompute> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& x, at::TensorList parameters, const NetworkPart& part) {
    auto rerun = c10::make_intrusive<Rerun>();
    rerun->part = part;
    rerun->precision = MixedPrecision::now(x.device());
    context->saved_data["rerun"] = c10::IValue::make_capsule(rerun);
    variable_list saved = {x};
    saved.insert(saved.end(), parameters.begin(), parameters.end());
    context->save_for_backward(std::move(saved));
    return part(x);
  }

  static variable_list backward(AutogradContext* context, const variable_list& output_gradients) {
    const variable_list saved = context->get_saved_variables();
    const auto capsule = context->saved_data["rerun"].toCapsule();
    const auto* rerun = static_cast<const Rerun*>(capsule.get());
    const bool wants_input = saved[0].requires_grad();
    const at::Tensor x = saved[0].detach().set_requires_grad(wants_input);
    variable_list inputs(saved.begin() + 1, saved.end());
    if (wants_input) inputs.insert(inputs.begin(), x);

    const at::AutoGradMode with_gradients(true);
    const MixedPrecision as_before(x.device(), rerun->precision);
    variable_list gradients = torch::autograd::grad({rerun->part(x)}, inputs, output_gradients);
    if (!wants_input) gradients.insert(gradients.begin(), at::Tensor());
    gradients.emplace_back();  // of the part itself
    return gradients;
  }
};

}  // namespace

at::Tensor recomputed(const at::Tensor& x, const std::vector<at::Tensor>& parameters, const NetworkPart& part) {
  return Recompute::apply(x, at::TensorList(parameters), part);
}

}  // namespace mimdet::train
