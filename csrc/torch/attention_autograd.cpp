// Inference only: a result that is differentiated raises, instead of passing wrong gradients on.
#include "attention.h"

#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/core/grad_mode.h>
#include <torch/csrc/autograd/custom_function.h>

namespace sageattention_torch {
namespace {

using Operator = Result(const at::Tensor &, const at::Tensor &, const at::Tensor &, c10::string_view, bool,
                        std::optional<double>, bool);

Result below_autograd(c10::DispatchKeySet keys, const at::Tensor &query, const at::Tensor &key, const at::Tensor &value,
                      c10::string_view tensor_layout, bool is_causal, std::optional<double> sm_scale, bool return_lse) {
  static const auto handle =
      c10::Dispatcher::singleton().findSchemaOrThrow("sageattention::attention", "").typed<Operator>();
  return handle.redispatch(keys & c10::after_autograd_keyset, query, key, value, tensor_layout, is_causal, sm_scale,
                           return_lse);
}

class NotDifferentiable : public torch::autograd::Function<NotDifferentiable> {
public:
  static torch::autograd::variable_list forward(torch::autograd::AutogradContext *, c10::DispatchKeySet keys,
                                                const at::Tensor &query, const at::Tensor &key, const at::Tensor &value,
                                                c10::string_view tensor_layout, bool is_causal,
                                                std::optional<double> sm_scale, bool return_lse) {
    const at::AutoDispatchBelowADInplaceOrView guard;
    auto [output, lse] = below_autograd(keys, query, key, value, tensor_layout, is_causal, sm_scale, return_lse);
    return {output, lse};
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext *,
                                                 const torch::autograd::variable_list &) {
    TORCH_CHECK_NOT_IMPLEMENTED(false, "sageattention: the quantized attention has no gradient; run it under "
                                       "torch.no_grad(), or train with torch's scaled_dot_product_attention");
  }
};

bool wants_gradient(const at::Tensor &query, const at::Tensor &key, const at::Tensor &value) {
  return at::GradMode::is_enabled() && (query.requires_grad() || key.requires_grad() || value.requires_grad());
}

} // namespace

Result attention_autograd(c10::DispatchKeySet keys, const at::Tensor &query, const at::Tensor &key,
                          const at::Tensor &value, c10::string_view tensor_layout, bool is_causal,
                          std::optional<double> sm_scale, bool return_lse) {
  if (!wants_gradient(query, key, value)) {
    const at::AutoDispatchBelowADInplaceOrView guard;
    return below_autograd(keys, query, key, value, tensor_layout, is_causal, sm_scale, return_lse);
  }
  auto results = NotDifferentiable::apply(keys, query, key, value, tensor_layout, is_causal, sm_scale, return_lse);
  return {results[0], results[1]};
}

} // namespace sageattention_torch
