// What a call over packed sequences accepts.
#include "packed.h"

#include <ATen/ops/empty.h>
#include <c10/core/ScalarType.h>
#include <c10/util/Exception.h>

namespace sageattention_torch {
namespace {

void check_packed(const char *name, const at::Tensor &tensor) {
  check_strided(name, tensor);
  TORCH_CHECK_VALUE(tensor.dim() == 3, LIBRARY_NAME ": ", name, " has ", tensor.dim(), " dimensions (shape ",
                    tensor.sym_sizes(), "); expected 3: [tokens of all sequences, heads, head_dim]");
}

void check_cumulative(const char *name, const at::Tensor &tensor, const at::Tensor &query) {
  TORCH_CHECK_TYPE(tensor.scalar_type() == at::kInt || tensor.scalar_type() == at::kLong, LIBRARY_NAME ": ", name,
                   " has dtype ", c10::getDtypeNames(tensor.scalar_type()).first, "; expected int32 or int64");
  TORCH_CHECK_VALUE(tensor.dim() == 1, LIBRARY_NAME ": ", name, " has shape ", tensor.sym_sizes(),
                    "; expected [sequences + 1]");
  CHECK_SIZES(tensor.sym_size(0).sym_ge(1), LIBRARY_NAME ": ", name,
              " is empty; expected [sequences + 1] entries, 0 first");
  TORCH_CHECK_VALUE(tensor.device() == query.device(), LIBRARY_NAME ": ", name, " is on ", tensor.device(),
                    " but q is on ", query.device(), "; expected one device");
}

void check_longest(const char *name, const c10::SymInt &longest) {
  CHECK_SIZES(longest.sym_ge(0), LIBRARY_NAME ": ", name, " is ", longest,
              "; expected the length of the longest sequence, or more");
}

} // namespace

void check_packed_tensors(const at::Tensor &query, const at::Tensor &key, const at::Tensor &value,
                          const at::Tensor &cu_seqlens_q, const at::Tensor &cu_seqlens_k,
                          const c10::SymInt &max_seqlen_q, const c10::SymInt &max_seqlen_k,
                          const std::optional<at::Tensor> &attn_mask) {
  check_packed("q", query);
  check_packed("k", key);
  check_packed("v", value);
  check_dtype("q", query);
  check_same_kind("k", key, query);
  check_same_kind("v", value, query);
  check_equal("tokens", "v", value.sym_size(0), "k", key.sym_size(0));
  check_equal("heads", "v", value.sym_size(1), "k", key.sym_size(1));
  check_equal("channels (head_dim)", "k", key.sym_size(2), "q", query.sym_size(2));
  check_heads(query.sym_size(1), key.sym_size(1));
  check_head_dim("q and k have", query.sym_size(2));
  check_head_dim("v has", value.sym_size(2));
  check_channels("q", query);
  check_channels("k", key);
  check_channels("v", value);
  check_cumulative("cu_seqlens_q", cu_seqlens_q, query);
  check_cumulative("cu_seqlens_k", cu_seqlens_k, query);
  check_equal("entries", "cu_seqlens_k", cu_seqlens_k.sym_size(0), "cu_seqlens_q", cu_seqlens_q.sym_size(0));
  check_longest("max_seqlen_q", max_seqlen_q);
  check_longest("max_seqlen_k", max_seqlen_k);
  check_mask(attn_mask, query, {cu_seqlens_q.sym_size(0) - 1, query.sym_size(1), max_seqlen_q, max_seqlen_k});
}

Result allocate_packed_result(const at::Tensor &query, const at::Tensor &value, bool return_lse) {
  const c10::SymInt tokens = query.sym_size(0), heads = query.sym_size(1);
  const c10::SymDimVector lse = return_lse ? c10::SymDimVector{heads, tokens} : c10::SymDimVector{c10::SymInt(0)};
  return {at::empty_symint({tokens, heads, value.sym_size(2)}, query.options()),
          at::empty_symint(lse, query.options().dtype(at::kFloat))};
}

} // namespace sageattention_torch
