// What every device shares: the checks, the shapes, the reference emulation, the refusals.
#include "attention.h"
#include "refusals.h"

#include <ATen/core/LegacyTypeDispatch.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <c10/util/Exception.h>

namespace sageattn3_torch {

using namespace sageattention_torch;

void check_16_bit(const at::Tensor &query) {
  TORCH_CHECK_TYPE(query.scalar_type() != at::kFloat, "sageattn3: q has dtype float32; expected float16 or bfloat16");
}

Arguments check_arguments(const Call &call) {
  check_16_bit(call.query);
  const bool bottom_right = is_bottom_right(call.causal_alignment);
  const Shapes shapes = check_tensors(call.query, call.key, call.value, call.tensor_layout, call.attn_mask);
  return {shapes, bottom_right, resolve_scale(call.sm_scale, shapes.head_dim_qk)};
}

Result attention_meta(const Call &call) { return allocate_result(call.query, check_arguments(call), call.return_lse); }

Result attention_cpu(const Call &call) {
  static const auto reference =
      c10::Dispatcher::singleton().findSchemaOrThrow("sageattn3::attention_reference", "").typed<Operator>();
  const Arguments arguments = check_arguments(call);
  if (call.query.numel() == 0 || call.key.numel() == 0) {
    Result result = allocate_result(call.query, arguments, call.return_lse);
    fill_without_keys(result, arguments);
    return result;
  }
  return reference.call(call.query, call.key, call.value, call.tensor_layout, call.is_causal, arguments.sm_scale,
                        call.return_lse, call.attn_mask, call.causal_alignment, call.per_block_mean);
}

Result attention_elsewhere(const Call &call) {
  if (call.attn_mask) refuse_device(call.query, call.key, call.value, {{"attn_mask", *call.attn_mask}});
  refuse_device(call.query, call.key, call.value);
}

Result attention_autograd(c10::DispatchKeySet keys, const at::Tensor &query, const at::Tensor &key,
                          const at::Tensor &value, c10::string_view tensor_layout, bool is_causal,
                          std::optional<double> sm_scale, bool return_lse, const std::optional<at::Tensor> &attn_mask,
                          c10::string_view causal_alignment, bool per_block_mean) {
  static const auto handle =
      c10::Dispatcher::singleton().findSchemaOrThrow("sageattn3::attention", "").typed<Operator>();
  const auto run = [&] {
    const at::AutoDispatchBelowADInplaceOrView guard;
    return handle.redispatch(keys & c10::after_autograd_keyset, query, key, value, tensor_layout, is_causal, sm_scale,
                             return_lse, attn_mask, causal_alignment, per_block_mean);
  };
  return wants_gradient(query, key, value, attn_mask) ? refuse_gradient(query, key, value, attn_mask, run) : run();
}

} // namespace sageattn3_torch
