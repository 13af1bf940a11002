// Inference only: a result that is differentiated raises, instead of passing wrong gradients on.
#include "attention.h"

#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/core/grad_mode.h>
#include <torch/csrc/autograd/custom_function.h>

namespace sageattention_torch {
namespace {

class NotDifferentiable : public torch::autograd::Function<NotDifferentiable> {
public:
  // The tensors are here for autograd to see; `run` knows them.
  static torch::autograd::variable_list forward(torch::autograd::AutogradContext *, const at::Tensor &,
                                                const at::Tensor &, const at::Tensor &,
                                                const std::optional<at::Tensor> &, const std::function<Result()> *run) {
    auto [output, lse] = (*run)();
    return {output, lse};
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext *,
                                                 const torch::autograd::variable_list &) {
    TORCH_CHECK_NOT_IMPLEMENTED(false, "sageattention: the quantized attention has no gradient; run it under "
                                       "torch.no_grad(), or train with torch's scaled_dot_product_attention");
  }
};

} // namespace

bool wants_gradient(const at::Tensor &query, const at::Tensor &key, const at::Tensor &value,
                    const std::optional<at::Tensor> &attn_mask) {
  return at::GradMode::is_enabled() && (query.requires_grad() || key.requires_grad() || value.requires_grad() ||
                                        (attn_mask && attn_mask->requires_grad()));
}

Result refuse_gradient(const at::Tensor &query, const at::Tensor &key, const at::Tensor &value,
                       const std::optional<at::Tensor> &attn_mask, const std::function<Result()> &run) {
  const auto results = NotDifferentiable::apply(query, key, value, attn_mask, &run);
  return {results[0], results[1]};
}

Result attention_autograd(c10::DispatchKeySet keys, const at::Tensor &query, const at::Tensor &key,
                          const at::Tensor &value, c10::string_view tensor_layout, bool is_causal,
                          std::optional<double> sm_scale, bool return_lse, const std::optional<at::Tensor> &attn_mask,
                          c10::string_view causal_alignment, bool smooth_k, bool smooth_v, c10::string_view kernel,
                          c10::string_view qk_quant_gran, c10::string_view pv_accum_dtype) {
  static const auto handle =
      c10::Dispatcher::singleton().findSchemaOrThrow("sageattention::attention", "").typed<Operator>();
  const auto run = [&] {
    const at::AutoDispatchBelowADInplaceOrView guard;
    return handle.redispatch(keys & c10::after_autograd_keyset, query, key, value, tensor_layout, is_causal, sm_scale,
                             return_lse, attn_mask, causal_alignment, smooth_k, smooth_v, kernel, qk_quant_gran,
                             pv_accum_dtype);
  };
  return wants_gradient(query, key, value, attn_mask) ? refuse_gradient(query, key, value, attn_mask, run) : run();
}

} // namespace sageattention_torch
