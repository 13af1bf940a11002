// Inference only: a result that is differentiated raises, instead of passing wrong gradients on.
#include "attention.h"

#include <ATen/core/LegacyTypeDispatch.h>
#include <ATen/core/dispatch/Dispatcher.h>

namespace sageattention_torch {

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
