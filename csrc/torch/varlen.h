// The kernels behind sageattention::attention_varlen, one per dispatch key.
#pragma once

#include "call.h"

#include <c10/core/DispatchKeySet.h>
#include <c10/core/SymInt.h>

#include <string>

namespace sageattention_torch {

// Arguments of sageattention::attention_varlen: sequences packed along the first axis, [tokens, heads, head_dim].
struct VarlenCall {
  const at::Tensor &query, &key, &value, &cu_seqlens_q, &cu_seqlens_k;
  c10::SymInt max_seqlen_q, max_seqlen_k;
  bool is_causal;
  std::optional<double> sm_scale;
  bool smooth_k, return_lse;
  const std::optional<at::Tensor> &attn_mask;
  c10::string_view causal_alignment;
  bool smooth_v;
  c10::string_view kernel, qk_quant_gran, pv_accum_dtype;
};

template <Result (*kFunction)(const VarlenCall &)>
Result unpacked_varlen(const at::Tensor &query, const at::Tensor &key, const at::Tensor &value,
                       const at::Tensor &cu_seqlens_q, const at::Tensor &cu_seqlens_k, c10::SymInt max_seqlen_q,
                       c10::SymInt max_seqlen_k, bool is_causal, std::optional<double> sm_scale, bool smooth_k,
                       bool return_lse, const std::optional<at::Tensor> &attn_mask, c10::string_view causal_alignment,
                       bool smooth_v, c10::string_view kernel, c10::string_view qk_quant_gran,
                       c10::string_view pv_accum_dtype) {
  return kFunction({query, key, value, cu_seqlens_q, cu_seqlens_k, std::move(max_seqlen_q), std::move(max_seqlen_k),
                    is_causal, sm_scale, smooth_k, return_lse, attn_mask, causal_alignment, smooth_v, kernel,
                    qk_quant_gran, pv_accum_dtype});
}

// Output [q tokens, heads, head_dim_v], contiguous; LSE [heads, q tokens] or, if not asked for, of size [0].
Result varlen_cpu(const VarlenCall &call);
Result varlen_cuda(const VarlenCall &call);
Result varlen_meta(const VarlenCall &call);
Result varlen_elsewhere(const VarlenCall &call);
Result varlen_autograd(c10::DispatchKeySet keys, const at::Tensor &query, const at::Tensor &key,
                       const at::Tensor &value, const at::Tensor &cu_seqlens_q, const at::Tensor &cu_seqlens_k,
                       c10::SymInt max_seqlen_q, c10::SymInt max_seqlen_k, bool is_causal,
                       std::optional<double> sm_scale, bool smooth_k, bool return_lse,
                       const std::optional<at::Tensor> &attn_mask, c10::string_view causal_alignment, bool smooth_v,
                       c10::string_view kernel, c10::string_view qk_quant_gran, c10::string_view pv_accum_dtype);

// Name of the CUDA kernel, as cuda_kernel_name() in attention.h.
std::string varlen_cuda_kernel_name(const VarlenCall &call, int64_t compute_capability);

} // namespace sageattention_torch
