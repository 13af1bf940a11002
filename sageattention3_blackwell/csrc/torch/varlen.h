// The kernels behind sageattn3::attention_varlen, one per dispatch key.
#pragma once

#include "call.h"

#include <c10/core/DispatchKeySet.h>

namespace sageattn3_torch {

// Arguments of sageattn3::attention_varlen: sequences packed along the first axis, [tokens, heads, head_dim].
struct VarlenCall {
  const at::Tensor &query, &key, &value, &cu_seqlens_q, &cu_seqlens_k;
  c10::SymInt max_seqlen_q, max_seqlen_k;
  bool is_causal;
  std::optional<double> sm_scale;
  bool return_lse;
  const std::optional<at::Tensor> &attn_mask;
  c10::string_view causal_alignment;
  bool per_block_mean;
};

template <Result (*kFunction)(const VarlenCall &)>
Result unpacked_varlen(const at::Tensor &query, const at::Tensor &key, const at::Tensor &value,
                       const at::Tensor &cu_seqlens_q, const at::Tensor &cu_seqlens_k, c10::SymInt max_seqlen_q,
                       c10::SymInt max_seqlen_k, bool is_causal, std::optional<double> sm_scale, bool return_lse,
                       const std::optional<at::Tensor> &attn_mask, c10::string_view causal_alignment,
                       bool per_block_mean) {
  return kFunction({query, key, value, cu_seqlens_q, cu_seqlens_k, std::move(max_seqlen_q), std::move(max_seqlen_k),
                    is_causal, sm_scale, return_lse, attn_mask, causal_alignment, per_block_mean});
}

Result varlen_cpu(const VarlenCall &call);
Result varlen_cuda(const VarlenCall &call);
Result varlen_meta(const VarlenCall &call);
Result varlen_elsewhere(const VarlenCall &call);
Result varlen_autograd(c10::DispatchKeySet keys, const at::Tensor &query, const at::Tensor &key,
                       const at::Tensor &value, const at::Tensor &cu_seqlens_q, const at::Tensor &cu_seqlens_k,
                       c10::SymInt max_seqlen_q, c10::SymInt max_seqlen_k, bool is_causal,
                       std::optional<double> sm_scale, bool return_lse, const std::optional<at::Tensor> &attn_mask,
                       c10::string_view causal_alignment, bool per_block_mean);

} // namespace sageattn3_torch
