// Meta tensors: the shapes of the result, symbolic ones included (torch.compile, torch.export).
#include "arguments.h"
#include "attention.h"

#include <ATen/ops/empty.h>

namespace sageattention_torch {

Result attention_meta(const at::Tensor &query, const at::Tensor &key, const at::Tensor &value,
                      c10::string_view tensor_layout, bool /*is_causal*/, std::optional<double> sm_scale,
                      bool return_lse) {
  const Arguments arguments = check_arguments(query, key, value, tensor_layout, sm_scale);
  return {at::empty_symint(query.sym_sizes(), query.options()),
          at::empty_symint(lse_sizes(arguments, return_lse), query.options().dtype(at::kFloat))};
}

} // namespace sageattention_torch
