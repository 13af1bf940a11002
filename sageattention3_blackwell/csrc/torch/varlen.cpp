// Attention over packed sequences.
#include "varlen.h"
#include "kernels.h"
#include "packed.h"
#include "refusals.h"

#include <ATen/core/LegacyTypeDispatch.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <c10/core/DeviceGuard.h>

#include <algorithm>
#include <limits>

namespace sageattn3_torch {

using namespace sageattention_torch;

namespace {

using VarlenOperator = Result(const at::Tensor &, const at::Tensor &, const at::Tensor &, const at::Tensor &,
                              const at::Tensor &, c10::SymInt, c10::SymInt, bool, std::optional<double>, bool,
                              const std::optional<at::Tensor> &, c10::string_view, bool);

// Returns the scale of the scores.
double check_varlen(const VarlenCall &call) {
  check_16_bit(call.query);
  check_packed_tensors(call.query, call.key, call.value, call.cu_seqlens_q, call.cu_seqlens_k, call.max_seqlen_q,
                       call.max_seqlen_k, call.attn_mask);
  is_bottom_right(call.causal_alignment);
  return resolve_scale(call.sm_scale, call.query.sym_size(2));
}

} // namespace

Result varlen_meta(const VarlenCall &call) {
  check_varlen(call);
  return allocate_packed_result(call.query, call.value, call.return_lse);
}

Result varlen_cpu(const VarlenCall &call) {
  static const auto reference = c10::Dispatcher::singleton()
                                    .findSchemaOrThrow("sageattn3::attention_varlen_reference", "")
                                    .typed<VarlenOperator>();
  return reference.call(call.query, call.key, call.value, call.cu_seqlens_q, call.cu_seqlens_k, call.max_seqlen_q,
                        call.max_seqlen_k, call.is_causal, check_varlen(call), call.return_lse, call.attn_mask,
                        call.causal_alignment, call.per_block_mean);
}

Result varlen_cuda(const VarlenCall &call) {
  const double sm_scale = check_varlen(call);
  const c10::DeviceGuard guard(call.query.device());
  Result result = allocate_packed_result(call.query, call.value, call.return_lse);
  const auto &[output, lse] = result;
  // The lengths are on the device: tokens that belong to no sequence cannot be told from here.
  output.zero_();
  lse.fill_(-std::numeric_limits<double>::infinity());
  if (output.numel() == 0 || call.key.numel() == 0) return result;

  constexpr Axes kPacked{1, 0};
  sageattn3_params params = describe_options(call.query, call.attn_mask, sm_scale, call.is_causal,
                                             is_bottom_right(call.causal_alignment), call.per_block_mean);
  const at::Tensor starts_q = call.cu_seqlens_q.to(at::kInt).contiguous();
  const at::Tensor starts_k = call.cu_seqlens_k.to(at::kInt).contiguous();
  params.batch = starts_q.size(0) - 1;
  params.heads_q = call.query.size(1);
  params.heads_kv = call.key.size(1);
  params.len_q = std::min(call.max_seqlen_q.expect_int(), call.query.size(0));
  params.len_kv = std::min(call.max_seqlen_k.expect_int(), call.key.size(0));
  params.head_dim_qk = call.query.size(2);
  params.head_dim_v = call.value.size(2);
  params.total_q = call.query.size(0);
  params.total_kv = call.key.size(0);
  params.query = describe(call.query, kPacked);
  params.key = describe(call.key, kPacked);
  params.value = describe(call.value, kPacked);
  params.output = describe(output, kPacked);
  params.cu_seqlens_q = starts_q.const_data_ptr<int32_t>();
  params.cu_seqlens_kv = starts_k.const_data_ptr<int32_t>();
  if (params.batch <= 0 || params.len_q <= 0 || params.len_kv <= 0) return result;
  set_addresses(params, call.query, call.key, call.value, call.attn_mask, result, call.return_lse);
  launch(params, call.query.device());
  return result;
}

Result varlen_elsewhere(const VarlenCall &call) {
  const Named lengths_q{"cu_seqlens_q", call.cu_seqlens_q}, lengths_k{"cu_seqlens_k", call.cu_seqlens_k};
  if (call.attn_mask)
    refuse_device(call.query, call.key, call.value, {lengths_q, lengths_k, {"attn_mask", *call.attn_mask}});
  refuse_device(call.query, call.key, call.value, {lengths_q, lengths_k});
}

Result varlen_autograd(c10::DispatchKeySet keys, const at::Tensor &query, const at::Tensor &key,
                       const at::Tensor &value, const at::Tensor &cu_seqlens_q, const at::Tensor &cu_seqlens_k,
                       c10::SymInt max_seqlen_q, c10::SymInt max_seqlen_k, bool is_causal,
                       std::optional<double> sm_scale, bool return_lse, const std::optional<at::Tensor> &attn_mask,
                       c10::string_view causal_alignment, bool per_block_mean) {
  static const auto handle =
      c10::Dispatcher::singleton().findSchemaOrThrow("sageattn3::attention_varlen", "").typed<VarlenOperator>();
  const auto run = [&] {
    const at::AutoDispatchBelowADInplaceOrView guard;
    return handle.redispatch(keys & c10::after_autograd_keyset, query, key, value, cu_seqlens_q, cu_seqlens_k,
                             max_seqlen_q, max_seqlen_k, is_causal, sm_scale, return_lse, attn_mask, causal_alignment,
                             per_block_mean);
  };
  return wants_gradient(query, key, value, attn_mask) ? refuse_gradient(query, key, value, attn_mask, run) : run();
}

} // namespace sageattn3_torch
