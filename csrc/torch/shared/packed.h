// The tensors of one call over packed sequences, [tokens, heads, head_dim], checked once for every device.
#pragma once

#include "tensors.h"

namespace sageattention_torch {

// Throws ValueError or TypeError, as check_tensors() does. The values of the cumulative lengths are not looked at.
void check_packed_tensors(const at::Tensor &query, const at::Tensor &key, const at::Tensor &value,
                          const at::Tensor &cu_seqlens_q, const at::Tensor &cu_seqlens_k,
                          const c10::SymInt &max_seqlen_q, const c10::SymInt &max_seqlen_k,
                          const std::optional<at::Tensor> &attn_mask);

// Uninitialized output [q tokens, heads, head_dim_v], contiguous, and LSE [heads, q tokens] or, if not wanted, [0].
Result allocate_packed_result(const at::Tensor &query, const at::Tensor &value, bool return_lse);

} // namespace sageattention_torch
