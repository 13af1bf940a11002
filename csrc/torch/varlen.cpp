// Attention over packed sequences: checks, shapes, and the call of the CUDA kernels or the CPU reference.
#include "varlen.h"
#include "arguments.h"
#include "attention.h"
#include "cuda_call.h"
#include "packed.h"

#include <ATen/core/LegacyTypeDispatch.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <c10/core/DeviceGuard.h>

#include <limits>

namespace sageattention_torch {
namespace {

using VarlenOperator = Result(const at::Tensor &, const at::Tensor &, const at::Tensor &, const at::Tensor &,
                              const at::Tensor &, c10::SymInt, c10::SymInt, bool, std::optional<double>, bool, bool,
                              const std::optional<at::Tensor> &, c10::string_view, bool, c10::string_view,
                              c10::string_view, c10::string_view);

struct VarlenArguments {
  Options options;
  double sm_scale;
};

VarlenArguments check_varlen(const VarlenCall &call) {
  check_packed_tensors(call.query, call.key, call.value, call.cu_seqlens_q, call.cu_seqlens_k, call.max_seqlen_q,
                       call.max_seqlen_k, call.attn_mask);
  return {parse_options(call.kernel, call.qk_quant_gran, call.pv_accum_dtype, call.causal_alignment),
          resolve_scale(call.sm_scale, call.query.sym_size(2))};
}

Result varlen_reference(const VarlenCall &call, const VarlenArguments &arguments) {
  static const auto handle = c10::Dispatcher::singleton()
                                 .findSchemaOrThrow("sageattention::attention_varlen_reference", "")
                                 .typed<VarlenOperator>();
  return handle.call(call.query, call.key, call.value, call.cu_seqlens_q, call.cu_seqlens_k, call.max_seqlen_q,
                     call.max_seqlen_k, call.is_causal, arguments.sm_scale, call.smooth_k, call.return_lse,
                     call.attn_mask, call.causal_alignment, call.smooth_v, kernel_name(arguments.options.kernel),
                     call.qk_quant_gran, arguments.options.pv_accum_dtype);
}

sageattention_tensor describe(const at::Tensor &tensor) { return {nullptr, 0, tensor.stride(1), tensor.stride(0)}; }

// Everything but the addresses.
sageattention_params describe_call(const VarlenCall &call, const VarlenArguments &arguments, const at::Tensor &output) {
  sageattention_params params =
      describe_options(call.query, arguments.options, call.is_causal, call.smooth_k, call.smooth_v);
  params.batch = call.cu_seqlens_q.size(0) - 1;
  params.heads_q = call.query.size(1);
  params.heads_kv = call.key.size(1);
  params.len_q = std::min<int64_t>(call.max_seqlen_q.expect_int(), call.query.size(0));
  params.len_kv = std::min<int64_t>(call.max_seqlen_k.expect_int(), call.key.size(0));
  params.total_q = call.query.size(0);
  params.total_kv = call.key.size(0);
  params.head_dim_qk = call.query.size(2);
  params.head_dim_v = call.value.size(2);
  params.query = describe(call.query);
  params.key = describe(call.key);
  params.value = describe(call.value);
  params.output = describe(output);
  if (call.attn_mask) params.mask = describe_mask(*call.attn_mask);
  params.sm_scale = static_cast<float>(arguments.sm_scale);
  return params;
}

// Whether attention runs: there is a query, a sequence, and room for a key.
bool has_work(const VarlenCall &call, const at::Tensor &output) {
  return output.numel() > 0 && call.cu_seqlens_q.size(0) > 1 && call.max_seqlen_q.expect_int() > 0 &&
         call.max_seqlen_k.expect_int() > 0 && call.key.numel() > 0;
}

// True if there is no query or no sequence: fills the result. Without room for keys the lengths, which only the device
// knows, still tell sequences that have none from those that do not fit.
bool fill_without_sequences(const VarlenCall &call, const Result &result) {
  const auto &[output, lse] = result;
  if (output.numel() > 0 && call.cu_seqlens_q.size(0) > 1) return false;
  output.zero_();
  lse.fill_(-std::numeric_limits<double>::infinity());
  return true;
}

} // namespace

Result varlen_meta(const VarlenCall &call) {
  check_varlen(call);
  return allocate_packed_result(call.query, call.value, call.return_lse);
}

Result varlen_cpu(const VarlenCall &call) {
  const VarlenArguments arguments = check_varlen(call);
  check_decode_takes(arguments.options, call.query, true);
  return varlen_reference(call, arguments);
}

Result varlen_cuda(const VarlenCall &call) {
  const VarlenArguments arguments = check_varlen(call);
  const c10::DeviceGuard guard(call.query.device());
  if (arguments.options.reference) return varlen_reference(call, arguments);
  Result result = allocate_packed_result(call.query, call.value, call.return_lse);
  if (fill_without_sequences(call, result)) return result;
  const at::Tensor lengths_q = call.cu_seqlens_q.to(at::kInt).contiguous();
  const at::Tensor lengths_k = call.cu_seqlens_k.to(at::kInt).contiguous();
  sageattention_params params = describe_call(call, arguments, std::get<0>(result));
  set_addresses(params, {call.query, call.key, call.value, call.attn_mask}, result);
  params.cu_seqlens_q = lengths_q.const_data_ptr<int32_t>();
  params.cu_seqlens_k = lengths_k.const_data_ptr<int32_t>();
  launch(params, call.query.device());
  return result;
}

std::string varlen_cuda_kernel_name(const VarlenCall &call, int64_t compute_capability) {
  const VarlenArguments arguments = check_varlen(call);
  if (arguments.options.reference) return "reference";
  const Result result = allocate_packed_result(call.query, call.value, call.return_lse);
  if (!has_work(call, std::get<0>(result))) return "none: nothing to compute";
  sageattention_params params = describe_call(call, arguments, std::get<0>(result));
  static const int32_t nowhere = 0; // the choice depends on whether sequences are packed, not on their lengths
  params.cu_seqlens_q = params.cu_seqlens_k = &nowhere;
  return kernel_name_of(params, call.attn_mask.has_value(), compute_capability);
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
                       std::optional<double> sm_scale, bool smooth_k, bool return_lse,
                       const std::optional<at::Tensor> &attn_mask, c10::string_view causal_alignment, bool smooth_v,
                       c10::string_view kernel, c10::string_view qk_quant_gran, c10::string_view pv_accum_dtype) {
  static const auto handle =
      c10::Dispatcher::singleton().findSchemaOrThrow("sageattention::attention_varlen", "").typed<VarlenOperator>();
  const auto run = [&] {
    const at::AutoDispatchBelowADInplaceOrView guard;
    return handle.redispatch(keys & c10::after_autograd_keyset, query, key, value, cu_seqlens_q, cu_seqlens_k,
                             max_seqlen_q, max_seqlen_k, is_causal, sm_scale, smooth_k, return_lse, attn_mask,
                             causal_alignment, smooth_v, kernel, qk_quant_gran, pv_accum_dtype);
  };
  return wants_gradient(query, key, value, attn_mask) ? refuse_gradient(query, key, value, attn_mask, run) : run();
}

} // namespace sageattention_torch
