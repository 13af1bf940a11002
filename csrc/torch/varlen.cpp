// Attention over packed sequences: checks and shapes; the CPU reference computes, CUDA has no kernel yet.
#include "varlen.h"
#include "arguments.h"
#include "attention.h"

#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/ops/empty.h>

namespace sageattention_torch {
namespace {

using VarlenOperator = Result(const at::Tensor &, const at::Tensor &, const at::Tensor &, const at::Tensor &,
                              const at::Tensor &, c10::SymInt, c10::SymInt, bool, std::optional<double>, bool, bool,
                              const std::optional<at::Tensor> &, c10::string_view);

void check_packed(const char *name, const at::Tensor &tensor) {
  check_strided(name, tensor);
  TORCH_CHECK_VALUE(tensor.dim() == 3, "sageattention: ", name, " has ", tensor.dim(), " dimensions (shape ",
                    tensor.sym_sizes(), "); expected 3: [tokens of all sequences, heads, head_dim]");
}

void check_cumulative(const char *name, const at::Tensor &tensor, const at::Tensor &query) {
  TORCH_CHECK_TYPE(tensor.scalar_type() == at::kInt || tensor.scalar_type() == at::kLong, "sageattention: ", name,
                   " has dtype ", tensor.scalar_type(), "; expected int32 or int64");
  TORCH_CHECK_VALUE(tensor.dim() == 1, "sageattention: ", name, " has shape ", tensor.sym_sizes(),
                    "; expected [sequences + 1]");
  TORCH_CHECK_VALUE(tensor.device() == query.device(), "sageattention: ", name, " is on ", tensor.device(),
                    " but q is on ", query.device(), "; expected one device");
}

// Returns the scale of the scores.
double check_varlen(const VarlenCall &call) {
  check_packed("q", call.query);
  check_packed("k", call.key);
  check_packed("v", call.value);
  check_dtype("q", call.query);
  check_same_kind("k", call.key, call.query);
  check_same_kind("v", call.value, call.query);
  check_equal("tokens", "v", call.value.sym_size(0), "k", call.key.sym_size(0));
  check_equal("heads", "v", call.value.sym_size(1), "k", call.key.sym_size(1));
  check_equal("channels (head_dim)", "k", call.key.sym_size(2), "q", call.query.sym_size(2));
  check_heads(call.query.sym_size(1), call.key.sym_size(1));
  check_head_dim("q and k have", call.query.sym_size(2));
  check_head_dim("v has", call.value.sym_size(2));
  check_channels("q", call.query);
  check_channels("k", call.key);
  check_channels("v", call.value);
  check_cumulative("cu_seqlens_q", call.cu_seqlens_q, call.query);
  check_cumulative("cu_seqlens_k", call.cu_seqlens_k, call.query);
  check_equal("entries", "cu_seqlens_k", call.cu_seqlens_k.sym_size(0), "cu_seqlens_q", call.cu_seqlens_q.sym_size(0));
  if (call.attn_mask)
    check_mask(call.attn_mask, call.query,
               {call.cu_seqlens_q.sym_size(0) - 1, call.query.sym_size(1), call.max_seqlen_q, call.max_seqlen_k});
  is_bottom_right(call.causal_alignment);
  return resolve_scale(call.sm_scale, call.query.sym_size(2));
}

} // namespace

Result varlen_meta(const VarlenCall &call) {
  check_varlen(call);
  const c10::SymInt tokens = call.query.sym_size(0), heads = call.query.sym_size(1);
  const c10::SymDimVector lse = call.return_lse ? c10::SymDimVector{heads, tokens} : c10::SymDimVector{c10::SymInt(0)};
  return {at::empty_symint({tokens, heads, call.value.sym_size(2)}, call.query.options()),
          at::empty_symint(lse, call.query.options().dtype(at::kFloat))};
}

Result varlen_cpu(const VarlenCall &call) {
  static const auto handle = c10::Dispatcher::singleton()
                                 .findSchemaOrThrow("sageattention::attention_varlen_reference", "")
                                 .typed<VarlenOperator>();
  return handle.call(call.query, call.key, call.value, call.cu_seqlens_q, call.cu_seqlens_k, call.max_seqlen_q,
                     call.max_seqlen_k, call.is_causal, check_varlen(call), call.smooth_k, call.return_lse,
                     call.attn_mask, call.causal_alignment);
}

Result varlen_cuda(const VarlenCall &call) {
  check_varlen(call);
  TORCH_CHECK_NOT_IMPLEMENTED(false, "sageattention: this build has no CUDA kernel for packed sequences "
                                     "(sageattn_varlen); call sageattn for each sequence, or with padding and an "
                                     "attn_mask, or pass CPU tensors for an emulation");
}

Result varlen_elsewhere(const VarlenCall &call) {
  TORCH_CHECK_VALUE(false, "sageattention: q is a ", call.query.layout(), " tensor on ", call.query.device(),
                    "; expected ordinary (strided) tensors on a CUDA device (kernels) or the CPU (reference)");
}

Result varlen_autograd(c10::DispatchKeySet keys, const at::Tensor &query, const at::Tensor &key,
                       const at::Tensor &value, const at::Tensor &cu_seqlens_q, const at::Tensor &cu_seqlens_k,
                       c10::SymInt max_seqlen_q, c10::SymInt max_seqlen_k, bool is_causal,
                       std::optional<double> sm_scale, bool smooth_k, bool return_lse,
                       const std::optional<at::Tensor> &attn_mask, c10::string_view causal_alignment) {
  static const auto handle =
      c10::Dispatcher::singleton().findSchemaOrThrow("sageattention::attention_varlen", "").typed<VarlenOperator>();
  const auto run = [&] {
    const at::AutoDispatchBelowADInplaceOrView guard;
    return handle.redispatch(keys & c10::after_autograd_keyset, query, key, value, cu_seqlens_q, cu_seqlens_k,
                             max_seqlen_q, max_seqlen_k, is_causal, sm_scale, smooth_k, return_lse, attn_mask,
                             causal_alignment);
  };
  return wants_gradient(query, key, value, attn_mask) ? refuse_gradient(query, key, value, attn_mask, run) : run();
}

} // namespace sageattention_torch
